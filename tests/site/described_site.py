"""How schemathesis reads the description of a site."""

import schemathesis
from flask import Flask
from schemathesis.config import (
    AnalysisConfig,
    ChecksConfig,
    ConstantsConfig,
    CoveragePhaseConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.config._checks import NegativeDataRejectionConfig

from tests import example_counts

# What is too much is refused before it is read.
REFUSED = NegativeDataRejectionConfig(expected_statuses=[*NegativeDataRejectionConfig().expected_statuses, "413"])


def read(site: Flask, *, coverage: bool) -> schemathesis.BaseSchema:
    """
    Args:
        coverage: whether each value is tried by itself as well, with all that could be wrong with it.
    """
    chosen = ProjectConfig(
        phases=PhasesConfig(coverage=CoveragePhaseConfig(enabled=coverage)),
        checks=ChecksConfig(negative_data_rejection=REFUSED),
        # Texts of our own code, for what is made up.
        analysis=AnalysisConfig(constants=ConstantsConfig(enabled=example_counts.EXPLORES)),
    )
    config = SchemathesisConfig(projects=ProjectsConfig(default=chosen))
    return schemathesis.openapi.from_wsgi("/openapi.json", site, config=config)
