//! One observation of an endpoint, stage by stage.
//!
//! Name, connection, TLS, first byte and status are measured apart and fail apart, because what fails says where to
//! look. Every probe opens a new connection and resolves the name anew: a kept connection, or a kept answer of the DNS,
//! hides that an address has moved. Redirects are not followed. The certificate that was shown is kept, trusted or not.
//!
//! A target goes straight to its endpoint, or through the proxy that it names; [`Proxies`] tells which one this computer
//! wants for an address. Probing both ways tells a sick region from a sick proxy, so each observation says its way.
//!
//! All waiting is on the run's clock, and in a rehearsal a probe asks nothing outside this computer, and no proxy.

mod certificate;
mod connect;
mod exchange;
mod http;
mod names;
mod proxy;
mod retry;
mod target;
mod trust;

pub use exchange::{BODY_MAX, HEADERS_MAX};
pub use http::probe;
pub use names::AT_ONCE;
pub use proxy::{Proxies, Proxy};
pub use retry::{BACK_OFF, LONGEST_WAIT, probe_with_retry, waits};
pub use target::{Credential, ProbeError, Target, Tls};
