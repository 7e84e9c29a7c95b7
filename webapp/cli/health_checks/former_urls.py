"""Checks of tokens and passkeys that were made under another URL of the site."""

from collections.abc import Iterator, Mapping

from webapp.cli.health_checks.finding import Finding, ok, warn


def left_behind(tokens: Mapping[str, int], passkeys: Mapping[str, int]) -> Iterator[Finding]:
    """Find tokens and passkeys that do not work since the base URL changed.

    Args:
        tokens: number of live tokens by issuer, without those that are accepted.
        passkeys: number of passkeys by RP ID, without those that are accepted.
    """
    for url, count in tokens.items():
        problem = f"Live tokens that are refused because they were issued for {url}: {count}."
        yield warn("moved", problem, f"Add it to WEBAPP_FORMER_BASE_URLS={url}, or create them again.")
    for host, count in passkeys.items():
        problem = f"Passkeys that do not work because they were made for {host}: {count}."
        yield warn("moved", problem, f"Add its URL to WEBAPP_FORMER_BASE_URLS, such as https://{host}: docs/moving.md.")
    if not tokens and not passkeys:
        yield ok("moved", "All tokens and passkeys belong to the base URL or a former one that is accepted.")
