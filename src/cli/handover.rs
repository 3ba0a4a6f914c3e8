//! `lifeboat hand-over` and `lifeboat take-over`: a run in one locked file, without a window and without Azure.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args as Arguments;

use crate::desk::handover::{PassingError, Place, key_of, own_key};
use crate::desk::signing;
use crate::desk::{DeskError, Home, Roster, chain};
use crate::export::handover::{HandOverError, Key, Lock, WORK, good_passphrase, wants_passphrase};
use crate::journal::{Disk, RealDisk};
use crate::secrets::{ANSWERS_WITHIN, Secrets};
use crate::units::Secret;

use super::{Args, FAILED, FINDING, FINE, USAGE, operator};

/// Nobody's passphrase is longer; a file that is was chosen by mistake.
const LONGEST: u64 = 4_096;
/// Of a file, to see how it is locked.
const HEAD: u64 = 64;

/// What is handed over, and how.
#[derive(Debug, Clone, Arguments)]
pub struct Away {
    /// Run id, or its last four characters
    run: String,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// To whom, in words for the record
    #[arg(long, value_name = "NAME")]
    to: String,
    /// File with the passphrase in its first line (default: asked without echo, or the first line of stdin)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Lock it for this colleague's device instead, by their name in the list of colleagues' keys
    #[arg(long, value_name = "NAME", conflicts_with = "passphrase_file")]
    colleague: Option<String>,
}

/// What is taken over, or back.
#[derive(Debug, Clone, Arguments)]
pub struct Here {
    /// The file that a colleague's hand-over wrote
    #[arg(required_unless_present = "back")]
    file: Option<PathBuf>,
    /// File with the passphrase in its first line (default: asked without echo, or the first line of stdin)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Take this run back that was handed over from here: nobody has its file
    #[arg(long, value_name = "RUN", conflicts_with_all = ["file", "passphrase_file"], requires = "reason")]
    back: Option<String>,
    /// Why it is taken back, for the record
    #[arg(long, value_name = "TEXT", requires = "back")]
    reason: Option<String>,
}

/// Hands a run over.
pub fn away(args: &Args, wish: &Away) -> u8 {
    let work = |place: &Place<'_>| -> Result<u8, DeskError> {
        let parted = match &wish.colleague {
            Some(name) => place.hand_over(&wish.run, &wish.out, &wish.to, &Lock::Key(&key_of(place.home, name)?))?,
            None => {
                let prompt = "Passphrase for the file (it is not shown): ";
                let words = passphrase(wish.passphrase_file.as_deref(), prompt, true)?;
                good_passphrase(&words)?;
                place.hand_over(&wish.run, &wish.out, &wish.to, &Lock::Passphrase(&words, WORK))?
            }
        };
        out!("{}  {}  {} bytes", parted.sha256, wish.out.display(), parted.bytes);
        say!("The run is handed over to {}; here it is only read from now on.", wish.to.trim());
        if wish.colleague.is_none() {
            say!("Send the file, and tell the passphrase another way.");
        }
        say!("Nobody took it over? lifeboat take-over --back {} --reason TEXT", wish.run);
        for name in &parted.left_out {
            say!("lifeboat: the evidence “{name}” is not what the record says, and did not go along");
        }
        Ok(if parted.left_out.is_empty() { FINE } else { FINDING })
    };
    at_place(args, work)
}

/// Takes a run over, or back.
pub fn here(args: &Args, wish: &Here) -> u8 {
    at_place(args, |place| match (&wish.back, &wish.file) {
        (Some(run), _) => {
            place.take_back(run, wish.reason.as_deref().unwrap_or_default())?;
            say!("The run goes on here again. Whoever has the file must not take it over any more: tell them.");
            Ok(FINE)
        }
        (None, Some(file)) => {
            let secret = if locked_with_passphrase(file)? {
                let prompt = "Passphrase of the file (it is not shown): ";
                Opens::Words(passphrase(wish.passphrase_file.as_deref(), prompt, false)?)
            } else {
                Opens::Device(device_key(place.home)?)
            };
            let taken = match &secret {
                Opens::Words(words) => place.take_over(file, &Key::Passphrase(words))?,
                Opens::Device(key) => place.take_over(file, &Key::Device(key))?,
            };
            let short = crate::desk::view::run::short(&taken.run);
            out!("{}  {}  {}", taken.run, taken.mode, taken.title);
            say!("Taken over from {}; {} steps are not over: {}", taken.from, taken.open.len(), taken.open.join(", "));
            let command = if taken.rehearsed { "rehearse" } else { "run" };
            say!("Go on with it: lifeboat {command} --resume {short}");
            Ok(FINE)
        }
        (None, None) => Ok(USAGE),
    })
}

/// What opens the file.
enum Opens {
    Words(Secret),
    Device(Secret),
}

/// This device's key, from the keyring.
fn device_key(home: &Home) -> Result<Secret, DeskError> {
    let secrets = Secrets::in_keyring(home.dir(), ANSWERS_WITHIN);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(DeskError::Runtime)?;
    runtime.block_on(own_key(&secrets))
}

fn at_place(args: &Args, work: impl FnOnce(&Place<'_>) -> Result<u8, DeskError>) -> u8 {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let done = Home::find(args.home.as_deref()).and_then(|home| {
        let home = home.despite(args.unsafe_home.as_deref());
        let key = Roster::read(&home)?.mine.map(String::from);
        let signs = signing::here(&home)?;
        work(&Place { home: &home, disk: &disk, operator: &operator(&home), key, signs })
    });
    done.unwrap_or_else(|e| {
        say!("lifeboat: {}", chain(&e));
        match e {
            DeskError::NoSuchRun { .. } | DeskError::Passing(PassingError::Exists(_)) => USAGE,
            DeskError::HandOver(HandOverError::Guessable) => USAGE,
            _ => FAILED,
        }
    })
}

fn locked_with_passphrase(file: &Path) -> Result<bool, HandOverError> {
    let cannot = || HandOverError::io(format!("read {}", file.display()));
    let mut head = Vec::new();
    std::fs::File::open(file).map_err(cannot())?.take(HEAD).read_to_end(&mut head).map_err(cannot())?;
    // What is no such file at all says so when it is opened.
    Ok(wants_passphrase(&head) || !head.windows(3).any(|w| w == b"\n->"))
}

/// The first line of a file, what is typed, or the first line of what is piped in.
fn passphrase(file: Option<&Path>, prompt: &str, new: bool) -> Result<Secret, HandOverError> {
    let cannot = || HandOverError::io("read the passphrase");
    let line = |from: &mut dyn Read| -> std::io::Result<String> {
        let mut text = String::new();
        from.take(LONGEST).read_to_string(&mut text)?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    let text = match file {
        Some(path) => {
            let doing = || HandOverError::io(format!("read {}", path.display()));
            line(&mut std::fs::File::open(path).map_err(doing())?).map_err(doing())?
        }
        None if std::io::stdin().is_terminal() => {
            let typed = rpassword::prompt_password(prompt).map_err(cannot())?;
            if new && rpassword::prompt_password("The same again: ").map_err(cannot())? != typed {
                return Err(HandOverError::Unlike);
            }
            typed
        }
        None => line(&mut std::io::stdin().lock()).map_err(cannot())?,
    };
    Ok(Secret::new(text))
}
