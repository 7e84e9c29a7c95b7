"""short_cache: results are kept for short texts alone."""

from webapp.core.short_cache import LONGEST, short_cache


def test_results_of_short_texts_are_kept_and_of_long_ones_not() -> None:
    calls: list[str] = []

    @short_cache(2)
    def shout(text: str) -> str:
        """Its own docstring."""
        calls.append(text)
        return text.upper()

    short, long = "a" * LONGEST, "a" * (LONGEST + 1)
    assert [shout(short), shout(short), shout(long), shout(long)] == [short.upper()] * 2 + [long.upper()] * 2
    assert calls == [short, long, long]
    assert shout.__doc__ == "Its own docstring."


def test_no_more_results_are_kept_than_asked_for() -> None:
    calls: list[str] = []

    @short_cache(2)
    def same(text: str) -> str:
        calls.append(text)
        return text

    for text in ("a", "b", "c", "a"):
        same(text)
    assert calls == ["a", "b", "c", "a"]
