"""The tests of this package share sites."""

from tests import shared_site

shared_sites, make_app = shared_site.fixtures()
