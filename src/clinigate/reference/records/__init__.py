"""What the service keeps: an audit log and a store of conversations."""
