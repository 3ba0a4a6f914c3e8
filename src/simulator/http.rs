//! A request as the simulator sees it, and the answers it gives, in Azure's envelopes.
//!
//! Handlers are plain functions from an [`Ask`] to a [`Reply`]; all waiting and all faults lie around them, in `serve`.

use bytes::Bytes;
use hyper::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::body::Body;

/// One request, taken apart.
pub struct Ask {
    /// Method.
    pub method: Method,
    /// Path as sent.
    pub path: String,
    /// Path and query as sent, for signatures.
    pub target: String,
    /// Decoded path segments, as written.
    pub segments: Vec<String>,
    /// Decoded query pairs.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// Scenario time, in milliseconds.
    pub at: i64,
}

impl Ask {
    /// Takes a request apart.
    pub fn new(method: Method, uri: &hyper::Uri, headers: HeaderMap, body: Bytes, at: i64) -> Self {
        let path = uri.path().to_owned();
        let segments = path.split('/').filter(|s| !s.is_empty()).map(decoded).collect();
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let target = uri.path_and_query().map_or_else(|| path.clone(), ToString::to_string);
        Self { method, path, target, segments, query, headers, body, at }
    }

    /// The same request with another method.
    pub fn instead(&self, method: Method) -> Self {
        Self {
            method,
            path: self.path.clone(),
            target: self.target.clone(),
            segments: self.segments.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            at: self.at,
        }
    }

    /// A header's text, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// A query value; names compare without regard to case, as in Azure.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The body as JSON, or the refusal.
    pub fn json(&self) -> Result<Value, Reply> {
        serde_json::from_slice(&self.body).map_err(|e| {
            Reply::error(
                400,
                "InvalidRequestContent",
                &format!("The request content was invalid and could not be deserialized: '{e}'."),
            )
        })
    }

    /// The bearer token, if one was sent.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization").split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }
}

fn decoded(segment: &str) -> String {
    // In a path a plus sign is a plus sign; only percent escapes are decoded.
    let escaped = segment.replace('+', "%2B");
    let pair = format!("s={escaped}").replace('&', "%26");
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or_else(|| segment.to_owned(), |(_, v)| v.into_owned())
}

/// Actions that change something.
const CHANGING: [&str; 8] = ["failover", "purge", "start", "stop", "restart", "regeneratekey", "resynckeys", "recover"];

/// Whether a request may change something.
pub fn changes(method: &Method, path: &str) -> bool {
    let action = || path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    match *method {
        Method::PUT | Method::PATCH | Method::DELETE => true,
        Method::POST => CHANGING.contains(&action().as_str()),
        _ => false,
    }
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers besides the common ones.
    pub headers: Vec<(&'static str, String)>,
    /// Body, and its content type.
    pub body: Option<(&'static str, String)>,
}

impl Reply {
    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(("application/json; charset=utf-8", body.to_string())) }
    }
    /// `200` with a JSON body.
    pub fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }
    /// A list in ARM's shape.
    pub fn list(value: Vec<Value>) -> Self {
        Self::ok(&json!({ "value": value }))
    }
    /// No body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }
    /// The error envelope that ARM and most services share.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "error": { "code": code, "message": message } }))
    }
    /// What a guest network shows to whoever has not agreed to its terms.
    pub fn page() -> Self {
        let text = "<!doctype html><html><head><title>Guest network</title></head><body><p>Accept the terms to go on.</p></body></html>";
        Self { status: 200, headers: Vec::new(), body: Some(("text/html; charset=utf-8", text.to_owned())) }
    }
    /// The route exists in no form.
    pub fn no_route(ask: &Ask) -> Self {
        Self::error(404, "NotFound", &format!("No route in this simulated Azure matches {} {}.", ask.method, ask.path))
    }
    /// With one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
    /// Says truly how many requests are left, where the answer says it.
    pub fn tell_left(&mut self, left: u64) {
        for (_, value) in self.headers.iter_mut().filter(|(name, _)| name.starts_with("x-ms-ratelimit-remaining-")) {
            *value = left.to_string();
        }
    }
    /// With another content type.
    pub fn typed(mut self, kind: &'static str) -> Self {
        if let Some((k, _)) = &mut self.body {
            *k = kind;
        }
        self
    }
    /// For the wire; `date` is the scenario's.
    pub fn into_response(self, date: &str) -> Response<Body> {
        let mut b =
            Response::builder().status(StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        b = b.header("date", date);
        for (name, value) in self.headers {
            b = b.header(name, value);
        }
        let body = match self.body {
            Some((kind, text)) => {
                b = b.header("content-type", kind);
                Bytes::from(text)
            }
            None => Bytes::new(),
        };
        // Header values come from ids and texts of the world; one that cannot be sent must not take the server down.
        b.body(Body::whole(body)).unwrap_or_else(|_| {
            let mut r = Response::new(Body::whole(Bytes::new()));
            *r.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            r
        })
    }
}

/// `2026-11-20T03:14:07.250Z`.
pub fn rfc3339(utc_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(utc_ms).map_or_else(|_| String::new(), |t| format!("{t:.3}"))
}

/// `Fri, 20 Nov 2026 03:14:07 GMT`, for headers.
pub fn http_date(utc_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(utc_ms)
        .map_or_else(|_| String::new(), |t| t.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// Milliseconds since the epoch of an RFC 3339 time.
pub fn parse_time(text: &str) -> Option<i64> {
    text.trim().parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// The conjunctions of a simple OData filter: `(name, operator, value)`, joined by `and`.
pub fn filter(text: &str) -> Option<Vec<(String, String, String)>> {
    let mut out = Vec::new();
    for part in text.split(" and ").map(str::trim).filter(|p| !p.is_empty()) {
        let mut words = part.splitn(3, ' ');
        let (name, op, value) = (words.next()?, words.next()?, words.next()?.trim());
        let value = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).unwrap_or(value);
        out.push((name.to_ascii_lowercase(), op.to_ascii_lowercase(), value.to_owned()));
    }
    Some(out)
}
