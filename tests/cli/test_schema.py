"""Migrations must not lose data or leave rows that refer to missing rows."""

import pytest

from webapp.cli import schema
from webapp.core.db import engine_for
from webapp.core.db_file import Damaged


@pytest.fixture
def engine(tmp_path):
    with schema.disposed(engine_for(f"sqlite:///{tmp_path / 'trial.db'}")) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
            connection.exec_driver_sql("CREATE TABLE child (of INTEGER REFERENCES parent (id) ON DELETE CASCADE)")
            connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
            connection.exec_driver_sql("INSERT INTO child VALUES (1)")
        yield engine


def count(engine, table):
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()


def test_recreating_a_table_does_not_delete_rows_that_refer_to_it(engine):
    with schema.migrating(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE other (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO other SELECT id FROM parent")
        connection.exec_driver_sql("DROP TABLE parent")
        connection.exec_driver_sql("ALTER TABLE other RENAME TO parent")
    assert count(engine, "child") == 1


def test_a_migration_that_breaks_foreign_keys_is_rolled_back(engine):
    with pytest.raises(Damaged), schema.migrating(engine) as connection:
        connection.exec_driver_sql("DELETE FROM parent")
    assert count(engine, "parent") == 1


def test_a_failed_migration_is_rolled_back(engine):
    def half(connection):
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER PRIMARY KEY)")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), schema.migrating(engine) as connection:
        half(connection)
    assert count(engine, "sqlite_master") == 2
