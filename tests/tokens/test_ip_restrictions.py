"""Networks are read as people write them, and kept in one spelling."""

import pytest

from webapp.tokens.ip_restrictions import InvalidNetwork, networks_of


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        pytest.param("10.0.0.7", "10.0.0.7/32", id="one address"),
        pytest.param("10.0.0.0/255.0.0.0", "10.0.0.0/8", id="a mask"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        pytest.param("::ffff:10.0.0.7", "10.0.0.7/32", id="IPv4 dressed as IPv6"),
        pytest.param("::ffff:10.0.0.0/104", "10.0.0.0/8", id="a network of them"),
        pytest.param("::/0", "::/0", id="all of IPv6"),
    ],
)
def test_a_network_is_stored_in_its_shortest_form(written, kept):
    assert networks_of([written]) == (kept,)


@pytest.mark.parametrize(
    "written",
    [
        *("nonsense", "10.0.0.0/33", "10.0.0.0/-1", "10/8", "010.0.0.1", "/", "10.0.0.0/", "1.2.3", "2001:db8::/129"),
        *("fe80::1%eth0", "٣.0.0.0/8", "10.0.0.0/٨", "<script>", "x" * 5000, "::ffff:0:0/90", "0/0", "10.0.0.0//8"),
    ],
)
def test_an_invalid_network_is_refused_with_a_message(written):
    with pytest.raises(InvalidNetwork) as refused:
        networks_of(["10.0.0.0/8", written])
    assert len(str(refused.value)) < 200


def test_a_network_with_host_bits_is_refused():
    with pytest.raises(InvalidNetwork, match=r"The network is 10\.0\.0\.0/8"):
        networks_of(["10.0.0.5/8"])


def test_a_repeated_network_is_stored_once():
    assert networks_of(["10.0.0.0/8", "::ffff:10.0.0.0/104", "10.0.0.0/8"]) == ("10.0.0.0/8",)


def test_the_number_of_networks_is_limited():
    with pytest.raises(InvalidNetwork, match="at most 20"):
        networks_of([f"10.0.0.{number}" for number in range(21)])
