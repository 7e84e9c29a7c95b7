"""From stranger to session."""
