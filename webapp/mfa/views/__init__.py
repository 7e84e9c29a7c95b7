"""Views of the second factors: add, rename and remove them."""
