"""Secrets, their digests, and keys for one purpose each."""

from webapp.core import digests

KEY = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"


def test_no_two_secrets_are_equal():
    assert len({digests.new_secret() for _ in range(100)}) == 100


def test_a_digest_is_a_sha_256():
    assert digests.digest("abc").hex().startswith("ba7816bf8f01cfea")
    assert len(digests.digest("")) == 32


def test_equal_texts_are_the_same_and_others_are_not():
    assert digests.constant_time_equal("ä", "ä")
    assert digests.constant_time_equal(b"a", "a")
    assert not digests.constant_time_equal("a", "b")
    assert not digests.constant_time_equal("a", "aa")


def test_a_lone_surrogate_can_be_compared():
    assert not digests.constant_time_equal("\ud800", "a")


def test_each_purpose_has_its_own_key():
    cookies, links = digests.derive(KEY, "cookies"), digests.derive(KEY, "links")
    assert cookies != links
    assert len(cookies) == 32
    assert cookies == digests.derive(KEY, "cookies")
