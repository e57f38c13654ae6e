"""The wire: dialects, stream decoding, refusals, the HTTP client."""
