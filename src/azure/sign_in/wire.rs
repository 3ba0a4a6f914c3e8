//! The transport under azure_identity: goes to the configured authority only, and keeps Entra's words, which
//! azure_identity loses as soon as they contain an escape.

use std::sync::{Arc, Mutex, PoisonError};

use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Method, Request};
use serde_json::Value;
use url::Url;

use super::super::cloud::Cloud;
use super::super::error::{SignIn, without_tags};
use super::super::transport;
use crate::clock::WORK_HEADER;
use crate::units::{Secret, visible};

/// Entra's longest-lived tokens last a little more than a day; what is said to last longer is not believed.
pub const LONGEST_LIFE_S: u64 = 2 * 24 * 3_600;
/// Shows to the endpoint beside an application that it is this one who asks.
const MACHINE_HEADER: HeaderName = HeaderName::from_static("x-identity-header");

/// What passed over the wire, without the token.
#[derive(Default)]
pub struct Heard {
    /// Lifetime in seconds.
    pub expires_in: Option<u64>,
    /// Why there is no token, if it should turn out that there is none.
    pub refusal: Option<SignIn>,
}

/// See the module.
pub struct Wire {
    pub cloud: Cloud,
    pub http: reqwest::Client,
    pub work: u64,
    /// To the machine's own endpoint, which is no host of the cloud.
    pub local: bool,
    pub heard: Arc<Mutex<Heard>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("authority", &self.cloud.authority).finish_non_exhaustive()
    }
}

impl Wire {
    async fn send(&self, request: &Request) -> Result<(u16, Vec<u8>), SignIn> {
        let url = if self.local && !self.cloud.is_simulated() {
            request.url().clone()
        } else {
            self.cloud.resolve(request.url()).map_err(|e| SignIn::saying(e.to_string()))?
        };
        let Body::Bytes(form) = request.body() else {
            return Err(SignIn::saying("the sign-in library asked for a stream, which is not sent"));
        };
        let mut ask = match request.method() {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url).body(form.clone()),
            other => return Err(SignIn::saying(format!("the sign-in library asked for {other:?}, which is not sent"))),
        };
        for (name, value) in request.headers().iter() {
            ask = ask.header(name.as_str(), value.as_str());
        }
        let mut sent = Sent::of(url::form_urlencoded::parse(form).into_owned());
        sent.0.extend(request.headers().get_optional_str(&MACHINE_HEADER).map(Secret::new));
        exchange(&self.cloud, ask, self.work, &sent).await
    }
}

/// Posts a form to the authority; gives status and body.
pub async fn post(
    cloud: &Cloud,
    http: &reqwest::Client,
    work: u64,
    path: &str,
    form: &[(&str, &str)],
) -> Result<(u16, Vec<u8>), SignIn> {
    let mut url: Url = cloud.authority.clone();
    url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
    let url = cloud.resolve(&url).map_err(|e| SignIn::saying(e.to_string()))?;
    let sent = Sent::of(form.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    exchange(cloud, http.post(url).form(form), work, &sent).await
}

/// What was sent and opens doors: whoever echoes it, it is kept nowhere.
struct Sent(Vec<Secret>);

impl Sent {
    fn of(form: impl Iterator<Item = (String, String)>) -> Self {
        const NAMES: [&str; 4] = ["client_secret", "client_assertion", "refresh_token", "device_code"];
        Self(form.filter(|(name, _)| NAMES.contains(&name.as_str())).map(|(_, v)| Secret::new(v)).collect())
    }

    fn struck_from(&self, body: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&body).into_owned();
        self.0.iter().fold(text, |text, secret| secret.struck_from_body(&text)).into_bytes()
    }
}

async fn exchange(
    cloud: &Cloud,
    mut ask: reqwest::RequestBuilder,
    work: u64,
    sent: &Sent,
) -> Result<(u16, Vec<u8>), SignIn> {
    if cloud.is_simulated() {
        ask = ask.header(WORK_HEADER, work.to_string());
    }
    let answer = ask.send().await.map_err(|e| SignIn::saying(visible(&transport::chain(&e))))?;
    let status = answer.status().as_u16();
    let body = transport::body(answer).await.map_err(|why| SignIn::saying(visible(&why)))?;
    // An answer with a token is for us alone, and its refresh token may be the one that was sent.
    let token = (200..300).contains(&status) && serde_json::from_slice::<Value>(&body).is_ok_and(|v| v.is_object());
    Ok((status, if token { body } else { sent.struck_from(body) }))
}

#[async_trait::async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let outcome = self.send(request).await;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok((status, body)) => {
                let value: Value = serde_json::from_slice(&body).unwrap_or_default();
                // A later try that went well makes an earlier refusal no news.
                (heard.expires_in, heard.refusal) = if (200..300).contains(&status) && value.is_object() {
                    let life = lifetime(&value, self.local).map_err(|why| {
                        let text = why.text.clone();
                        heard.refusal = Some(why);
                        azure_core::Error::with_message(azure_core::error::ErrorKind::DataConversion, text)
                    })?;
                    (life, Some(no_token(status)))
                } else {
                    (None, Some(refusal(status, &body)))
                };
                let mut headers = Headers::new();
                headers.insert("content-type", "application/json");
                Ok(AsyncRawResponse::from_bytes(status.into(), headers, body))
            }
            Err(why) => {
                let text = why.text.clone();
                heard.refusal = Some(why);
                Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Connection, text))
            }
        }
    }
}

/// Heard only when the library finds no token in a good answer; its own words may quote what it found instead.
fn no_token(status: u16) -> SignIn {
    SignIn { status: Some(status), answered: true, ..SignIn::saying(super::NO_TOKEN) }
}

/// Entra writes a number; some stand-ins a text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Seconds, and no more than are believed.
pub fn seconds(value: &Value) -> Option<u64> {
    number(value).map(|s| s.min(LONGEST_LIFE_S))
}

/// How long a token lasts, where that is said. Told an absurd number, the library would reckon with it and panic.
fn lifetime(answer: &Value, local: bool) -> Result<Option<u64>, SignIn> {
    let said = &answer["expires_in"];
    let life = number(said).filter(|s| *s <= LONGEST_LIFE_S);
    if life.is_none() && !said.is_null() {
        // Not repeated: whoever answers nonsense may answer with what it was sent.
        let text = "the answer of sign-in gives its token a lifetime (expires_in) that cannot be";
        return Err(SignIn::saying(text));
    }
    // The machine's endpoint hands out kept tokens, and may still say how long they lasted when they were new.
    let left = number(&answer["expires_on"]).filter(|_| local).and_then(|on| {
        let now = u64::try_from(jiff::Timestamp::now().as_second()).ok()?;
        // One that is over already was not handed out: this computer's clock is wrong.
        on.checked_sub(now).filter(|left| *left > 0)
    });
    Ok(life.map(|l| left.map_or(l, |left| left.min(l))))
}

/// An answer that is no token.
pub fn refusal(status: u16, body: &[u8]) -> SignIn {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| value[name].as_str().map(visible).unwrap_or_default();
    let codes: Vec<String> = value["error_codes"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    let mut description = text("error_description");
    if description.is_empty() {
        let page = without_tags(&String::from_utf8_lossy(body));
        description = page.chars().take(200).collect();
    }
    if !value.is_object() && (200..300).contains(&status) {
        description = format!("the answer is not Entra's, it is no JSON: {description}");
    }
    SignIn {
        status: Some(status),
        error: text("error"),
        codes: codes.join(","),
        text: description,
        trace_id: Some(text("trace_id")).filter(|t| !t.is_empty()).map(String::into_boxed_str),
        answered: true,
        ..SignIn::default()
    }
}
