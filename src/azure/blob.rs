//! Blobs: a text that is put once, under a name that nobody had. Data plane only, so that a failing ARM is not in the way.

use reqwest::Method;
use url::Url;

use super::client::Ask;
use super::{Azure, AzureError};
use crate::clock::Task;
use crate::units::Millis;

/// The oldest version that has all that is used here; immutable containers answer it as they do newer ones.
const VERSION: (&str, &str) = ("x-ms-version", "2021-12-02");
/// A blob of a few lines is there at once or not at all.
const WITHIN: Millis = Millis::from_secs(10);

/// Puts a new blob. One that is there already is as good if it holds the same: an earlier answer may have been lost.
pub async fn put_new(azure: &Azure, task: &Task, url: &Url, text: &str) -> Result<(), AzureError> {
    let headers = [
        VERSION,
        ("x-ms-blob-type", "BlockBlob"),
        ("x-ms-blob-content-type", "text/plain; charset=utf-8"),
        ("if-none-match", "*"),
    ];
    let ask = Ask {
        method: Method::PUT,
        body: Some(text.to_owned()),
        headers: headers.map(|(name, value)| (name, value.to_owned())).to_vec(),
        within: WITHIN,
        ..Ask::get(url)
    };
    let Err(e) = azure.send_once(task, &ask).await else { return Ok(()) };
    if !matches!(e.status(), Some(409 | 412)) {
        return Err(e);
    }
    let ask = Ask { headers: vec![(VERSION.0, VERSION.1.to_owned())], within: WITHIN, ..Ask::get(url) };
    match azure.read(task, ask).await {
        Ok(there) if there.text() == text => Ok(()),
        Ok(_) => Err(AzureError::NotPossible("another content is there under this name".to_owned())),
        // Nothing is there to compare: what was refused says more.
        Err(_) => Err(e),
    }
}
