"""The nodes of a site report themselves, once a minute each."""

from datetime import timedelta

from sqlalchemy import func, select

from webapp.core.clock import now
from webapp.core.db import Database
from webapp.nodes import heartbeat
from webapp.nodes.heartbeat import EVERY, NodeHeartbeat, NodeIdentity
from webapp.nodes.models import Node
from webapp.testing import clock

ME = NodeIdentity("127.0.0.1:8000", "1.0", name="alpha")


def nodes(database):
    with database.read() as db:
        return heartbeat.recently_seen(db)


def test_a_node_is_seen_with_its_version(database):
    NodeHeartbeat(database, ME).report()
    (node,) = nodes(database)
    assert (node.name, node.bind, node.version, node.clock_difference) == ("alpha", "127.0.0.1:8000", "1.0", None)
    assert now() - node.seen_at < timedelta(seconds=20)


def test_the_processes_of_a_node_write_once_a_minute_together(database):
    with clock() as time:
        NodeHeartbeat(database, ME).report()
        (first,) = nodes(database)
        time.shift(timedelta(seconds=30))
        NodeHeartbeat(database, ME).report()
        assert [node.seen_at for node in nodes(database)] == [first.seen_at]
        time.shift(EVERY)
        NodeHeartbeat(database, ME).report()
        assert nodes(database)[0].seen_at > first.seen_at


def test_a_new_version_is_written_at_once(database):
    NodeHeartbeat(database, ME).report()
    NodeHeartbeat(database, NodeIdentity(ME.bind, "1.1", name="alpha")).report()
    assert [node.version for node in nodes(database)] == ["1.1"]


def test_each_machine_and_each_server_on_it_is_a_node(database):
    for name, bind in (("alpha", "127.0.0.1:1"), ("alpha", "127.0.0.1:2"), ("beta", "127.0.0.1:1")):
        NodeHeartbeat(database, NodeIdentity(bind, "1.0", name=name)).report()
    assert {(node.name, node.bind) for node in nodes(database)} == {
        ("alpha", "127.0.0.1:1"),
        ("alpha", "127.0.0.1:2"),
        ("beta", "127.0.0.1:1"),
    }


def test_a_long_host_name_is_cut():
    assert len(NodeIdentity("127.0.0.1:8000", "1.0", name="x" * 300).name) == heartbeat.LONGEST_NAME


def test_a_node_that_was_not_seen_for_a_week_is_deleted(database):
    with clock() as time:
        NodeHeartbeat(database, ME).report()
        time.shift(heartbeat.RETENTION + EVERY)
        assert nodes(database) == []
        with database.write() as db:
            assert heartbeat.purge(db) == 1
            assert db.scalar(select(func.count()).select_from(Node)) == 0


def test_without_the_database_the_heartbeat_only_warns(tmp_path, logged):
    database = Database(f"sqlite:///file:{tmp_path}/missing.db?mode=rw&uri=true")
    NodeHeartbeat(database, ME).report()
    assert "heartbeat not written" in logged()
    database.close()


def test_on_postgresql_the_clock_is_compared_with_that_of_the_server(postgresql):
    database = Database(postgresql("nodes"))
    with clock() as time, database.write() as db:
        before = heartbeat.clock_difference(db)
        time.shift(timedelta(minutes=7))
        after = heartbeat.clock_difference(db)
    database.close()
    assert abs(after - before - timedelta(minutes=7)) < timedelta(seconds=10)
