"""One evaluation, from configuration to a sealed bundle."""
