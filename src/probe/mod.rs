//! One observation of an endpoint, stage by stage.
//!
//! Name, connection, TLS, first byte and status are measured apart and fail apart, because what fails says where to
//! look. Every probe opens a new connection and resolves the name anew: a kept connection, or a kept answer of the DNS,
//! hides that an address has moved. Redirects are not followed. Proxies are bypassed; a probe shows the road that
//! this laptop's own network offers.
//!
//! All waiting is on the run's clock, and in a rehearsal a probe asks nothing outside this computer.

mod connect;
mod http;
mod retry;
mod target;

pub use http::{BODY_MAX, probe};
pub use retry::{BACK_OFF, LONGEST_WAIT, probe_with_retry, waits};
pub use target::{Credential, ProbeError, Target, Tls};
