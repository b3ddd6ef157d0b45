"""The SOAP APIs: metadata, and what of the partner API is simulated."""
