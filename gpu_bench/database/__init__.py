"""How fast databases answer single statements of this domain, on pooled connections."""
