"""Views of the admin pages, one module a resource."""
