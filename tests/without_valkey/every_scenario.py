"""All scenarios, and which of them count in Valkey."""

from tests.without_valkey import (
    app_scenarios,
    login_scenarios,
    mail_scenarios,
    provider_scenarios,
    request_scenarios,
)
from tests.without_valkey.limit_names import volatile_by_name
from tests.without_valkey.scenarios import Scenario

MODULES = login_scenarios, provider_scenarios, mail_scenarios, app_scenarios, request_scenarios
SCENARIOS = [found for module in MODULES for found in vars(module).values() if isinstance(found, Scenario)]
VOLATILE = frozenset(name for name, is_volatile in volatile_by_name().items() if is_volatile)
ASKING = [one for one in SCENARIOS if one.limits & VOLATILE]
NEVER_ASKING = [one for one in SCENARIOS if not one.limits & VOLATILE]
