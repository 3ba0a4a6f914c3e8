//! Azure over HTTP: one file a service.
