"""Stand-ins for other packages, so that code written for them runs on diffkit unchanged."""
