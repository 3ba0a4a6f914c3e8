//! Restricted mode in the terminal: what a file that nobody trusts may not do, and the word that lets it.

use crate::desk::Home;
use crate::desk::trust::{Book, Standing};
use crate::journal::RealDisk;
use crate::plan::model::Plan;
use crate::units::visible;

use super::{Args, FAILED, USAGE};

/// Whether a run of this plan may reach the connected Azure; `word` is the SHA-256 that somebody trusts. `places` are the
/// plan's files, `command` what was typed. Otherwise says why not; the exit code.
pub fn cleared(args: &Args, plan: &Plan, places: &[String], word: Option<&str>, command: &str) -> Result<(), u8> {
    let failed = |e: &dyn std::error::Error| {
        say!("lifeboat: {}", crate::desk::chain(e));
        FAILED
    };
    let home = Home::find(args.home.as_deref()).map_err(|e| failed(&e))?;
    let digest = plan.texts.digest();
    if let Some(word) = word {
        if !word.trim().eq_ignore_ascii_case(&digest) {
            say!(
                "lifeboat: nothing was trusted: the plan `{}` does not have the SHA-256 that was given; it has\n  {digest}\n\
                 Read it as it is now, then give this one.",
                visible(&plan.id)
            );
            return Err(USAGE);
        }
        let now = crate::clock::Clock::system().now().utc;
        return Book::trust(&RealDisk, &home, plan, &super::operator(&home), now).map_err(|e| failed(&e));
    }
    // Nothing that is simulated reaches further than this computer.
    if args.cloud.is_some() || crate::catalog::foreign(&plan.texts).is_empty() {
        return Ok(());
    }
    let book = Book::read(&RealDisk, &home).unwrap_or_else(|e| {
        say!("lifeboat: {}", crate::desk::chain(&e));
        Book::default()
    });
    let Standing::Restricted(_) = book.standing(&plan.texts) else { return Ok(()) };
    say!(
        "lifeboat: the plan `{}` is restricted: nobody here has trusted {} as it is now.\n\
         It can be read, checked and rehearsed; nothing real is called for a file that nobody trusts.\n\
         When you have read it: {command} --trust {digest}",
        visible(&plan.id),
        places.join(", "),
    );
    Err(USAGE)
}

/// `trusted by Ada at …`, in words and for a program.
pub fn standing(args: &Args, plan: &Plan, places: &[String]) -> (String, &'static str) {
    let book = Home::find(args.home.as_deref()).map_err(|e| e.to_string());
    let book = book.and_then(|h| Book::read(&RealDisk, &h).map_err(|e| e.to_string()));
    match book.map(|b| b.standing(&plan.texts)) {
        Ok(Standing::BuiltIn) => ("built into Lifeboat".to_owned(), "built in"),
        Ok(Standing::Trusted(t)) => (format!("trusted by {} at {}", visible(&t.by), visible(&t.at)), "trusted"),
        Ok(Standing::Restricted(_)) => (format!("restricted: nobody here trusts {}", places.join(", ")), "restricted"),
        Err(why) => (format!("restricted: {why}"), "restricted"),
    }
}
