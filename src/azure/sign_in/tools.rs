//! `az`, then `azd`, run within bounds: one that hangs is ended with everything that it started.
//!
//! The library's own way waits as long as the tool likes, and leaves it running when nobody waits any more: while Entra is
//! silent they would pile up. Its pair of both tools forgets the tenant.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    Executor,
};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::failed;

/// `az` starts an interpreter; longer than this it hangs, and `azd` is tried.
const EACH_WITHIN: Duration = Duration::from_secs(20);
/// A token and what is said about it are a few thousand bytes.
const MOST: u64 = 256 * 1024;
/// Where tools are on a Mac; a program that was started from its desktop is not told.
const MAC_FOLDERS: [&str; 2] = ["/opt/homebrew/bin", "/usr/local/bin"];

/// Starts a tool and gives what it printed.
#[derive(Debug, Clone)]
pub struct Runner {
    within: Duration,
    path: Option<OsString>,
}

impl Default for Runner {
    fn default() -> Self {
        Self { within: EACH_WITHIN, path: if cfg!(target_os = "macos") { wider_path() } else { None } }
    }
}

impl Runner {
    /// With another limit, and tools searched in these folders.
    pub fn new(within: Duration, path: impl Into<OsString>) -> Self {
        Self { within, path: Some(path.into()) }
    }
}

fn wider_path() -> Option<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&path).chain(MAC_FOLDERS.map(Into::into))).ok()
}

#[async_trait::async_trait]
impl Executor for Runner {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        // A group of its own: between us and the tool is a shell, and below the tool an interpreter.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let mut all = Started(child.id());
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let work = async { tokio::try_join!(whole(out), whole(err), child.wait()) };
        let Ok(done) = tokio::time::timeout(self.within, work).await else {
            let text = format!("it gave no answer within {} s, and was ended", self.within.as_secs_f32());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        };
        let (stdout, stderr, status) = done?;
        all.0 = None;
        Ok(Output { status, stdout, stderr })
    }
}

async fn whole(from: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    if let Some(from) = from {
        from.take(MOST + 1).read_to_end(&mut out).await?;
    }
    if out.len() as u64 > MOST {
        return Err(io::Error::other(format!("it printed more than {} KiB, and was ended", MOST / 1024)));
    }
    Ok(out)
}

/// A tool that has not ended; it does when nobody waits for it any more.
struct Started(Option<u32>);

impl Drop for Started {
    fn drop(&mut self) {
        let Some(id) = self.0 else { return };
        #[cfg(unix)]
        if let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        {
            let mut end = std::process::Command::new("taskkill");
            end.args(["/F", "/T", "/PID", &id.to_string()]);
            let _ = end.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        }
    }
}

/// Whoever is signed in to `az`, else to `azd`.
#[derive(Debug)]
pub struct Tools {
    tenant: Option<String>,
    runner: Arc<Runner>,
}

impl Tools {
    /// In this tenant; an empty one is the tool's own.
    pub fn new(tenant: &str, runner: Runner) -> Self {
        Self { tenant: Some(tenant.to_owned()).filter(|t| !t.is_empty()), runner: Arc::new(runner) }
    }
}

#[async_trait::async_trait]
impl TokenCredential for Tools {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let executor = || -> Option<Arc<dyn Executor>> { Some(Arc::<Runner>::clone(&self.runner)) };
        let tenant_id = self.tenant.clone();
        let options =
            AzureCliCredentialOptions { tenant_id: tenant_id.clone(), executor: executor(), ..Default::default() };
        let first = match AzureCliCredential::new(Some(options))?.get_token(scopes, None).await {
            Ok(token) => return Ok(token),
            Err(e) => e,
        };
        let options = AzureDeveloperCliCredentialOptions { tenant_id, executor: executor() };
        AzureDeveloperCliCredential::new(Some(options))?.get_token(scopes, None).await.map_err(|second| {
            let text = format!("az: {}; azd: {}", failed(&first).text, failed(&second).text);
            azure_core::Error::with_message(ErrorKind::Credential, text)
        })
    }
}
