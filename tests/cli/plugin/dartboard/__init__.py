"""A small third-party analysis that throws darts; it can fail, be slow or warn on request."""
