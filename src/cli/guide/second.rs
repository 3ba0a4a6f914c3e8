//! The second person from a terminal: the request to copy, to photograph or to read aloud, and the ways an answer comes
//! back.

use std::path::PathBuf;

use crate::desk::protocol::{ApprovalIntent, Command, CredentialIntent};
use crate::desk::snapshot::{AskedView, Mode, Qr, RunView, Snapshot};
use crate::ui::ask::Ask;
use crate::ui::screens::run::second::{
    MESSAGE, NO_CHALLENGE, NO_PICTURES, NOBODY_KNOWN, PHONE, PICTURES, left_to_answer,
};

use super::question::{Makes, Next, Question, Step, block, choice, dialog, line};
use super::say;
use super::text::{wrapped, wrapped_at};

/// Widest picture of a terminal, in modules with a light edge of one on each side.
const WIDEST: usize = 80;

/// What `a…` came to.
pub enum Way {
    /// A question.
    Ask(Question),
    /// Sent at once.
    Send(Command),
    /// Something was shown, or said.
    Shown,
}

/// Does what `a` and its letters mean; `picked` is the step on show.
pub fn way(letters: &str, rest: &str, s: &Snapshot, run: &RunView, picked: Option<&str>) -> Option<Way> {
    if letters == "ak" {
        return Some(keys(rest, s));
    }
    if !matches!(letters, "a" | "aa" | "aq" | "ap" | "at" | "ah" | "aw" | "as") {
        return None;
    }
    let asked = &s.approvals.asked;
    let Some(a) = asked.iter().find(|a| Some(a.step.as_str()) == picked).or(asked.first()) else {
        say("Nobody is asked now. Choose “Ask the second person” at a step that wants two.");
        if letters == "a" {
            say("ak shows your key and your colleagues'.");
        }
        return Some(Way::Shown);
    };
    let send = |intent| Way::Send(Command::Approval(intent));
    let step = a.step.clone();
    Some(match letters {
        "a" => {
            request(s, run, a);
            Way::Shown
        }
        "aa" => Way::Ask(block("Paste their answer", |text| {
            Next::Send(Command::Approval(ApprovalIntent::TakeAnswer(text)))
        })),
        "aq" => {
            pictures(a, rest == "light");
            Way::Shown
        }
        "ap" if a.pictures.is_empty() => {
            say(NO_PICTURES);
            Way::Shown
        }
        "ap" if rest.is_empty() => Way::Ask(line("File to write the picture to, such as request.png", move |text| {
            Next::Send(Command::Approval(ApprovalIntent::SavePicture { step, file: PathBuf::from(text) }))
        })),
        "ap" => send(ApprovalIntent::SavePicture { step, file: PathBuf::from(rest) }),
        "at" => phone(a),
        "ah" => match dialog(Ask::same_device(a), s.clock.now().utc) {
            Step::Open(q) => Way::Ask(q),
            Step::Done(_) => Way::Shown,
        },
        "as" if !matches!(run.mode, Mode::Rehearsal | Mode::Tabletop) => {
            say("Only a rehearsal has a script that answers.");
            Way::Shown
        }
        "as" => {
            say("The script answers in the second person's place.");
            send(ApprovalIntent::AskAnother { step, name: rest.to_owned() })
        }
        _ => send(ApprovalIntent::Withdraw { step, nonce: a.nonce.clone() }),
    })
}

/// The request as text, and what to do with it.
fn request(s: &Snapshot, run: &RunView, a: &AskedView) {
    let left = a.until.map(|until| left_to_answer(until, s.clock.now().utc).0);
    say(&wrapped("", &format!("The second person is asked. {}", left.unwrap_or_default())));
    say(&wrapped("  ", &a.what));
    say(&wrapped(
        "  ",
        &if a.approvers.is_empty() {
            NOBODY_KNOWN.to_owned()
        } else {
            format!("Can answer: {}", a.approvers.join(", "))
        },
    ));
    if a.block.is_empty() {
        let why =
            s.approvals.cannot_sign.clone().unwrap_or_else(|| "it is being signed; ask again in a moment".to_owned());
        say(&wrapped("! ", &format!("The request is not signed yet: {why}")));
    } else {
        say(&wrapped("", MESSAGE));
        say(&format!("\n{}\n", a.block.trim_end()));
    }
    say("  aa take their answer (paste it)      aq as a picture here   ap as a file");
    say("  at by phone, with a code             ah they agree on this device");
    let script = if matches!(run.mode, Mode::Rehearsal | Mode::Tabletop) { "as let the script answer" } else { "" };
    say(format!("  aw withdraw the question             {script}").trim_end());
}

/// The picture in half blocks, light on dark or the other way round.
fn pictures(a: &AskedView, light: bool) {
    if a.pictures.is_empty() {
        return say(NO_PICTURES);
    }
    let all = a.pictures.len();
    if a.pictures.iter().any(|p| p.width + 2 > WIDEST) {
        return say(&wrapped(
            "",
            "The picture is wider than 80 columns. ap FILE writes it as a file: send that, or open it.",
        ));
    }
    say(&wrapped("", PICTURES));
    for (n, p) in a.pictures.iter().enumerate() {
        say(&format!("Picture {} of {all}", n + 1));
        say(&half_blocks(p, light));
    }
    if !light {
        say("Where the terminal is dark on light: aq light");
    }
}

/// Two rows of a picture a line.
pub fn half_blocks(p: &Qr, light_terminal: bool) -> String {
    let side = p.width + 2;
    // Where nothing is drawn the terminal's own ground shows.
    let drawn = |x: usize, y: usize| {
        let inside = (1..=p.width).contains(&x) && (1..=p.width).contains(&y);
        let dark = inside && p.dark.get((y - 1) * p.width + x - 1).copied().unwrap_or(false);
        (y < side) && dark == light_terminal
    };
    let mut out = String::new();
    for y in (0..side).step_by(2) {
        let row = (0..side).map(|x| match (drawn(x, y), drawn(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        out.push_str(row.collect::<String>().trim_end());
        out.push('\n');
    }
    out.trim_end_matches('\n').to_owned()
}

fn phone(a: &AskedView) -> Way {
    say(&wrapped("", PHONE));
    if a.challenge.is_empty() {
        say(NO_CHALLENGE);
        return Way::Shown;
    }
    say(&format!("\n    {}\n", a.challenge));
    if a.approvers.is_empty() {
        say(&wrapped("", NOBODY_KNOWN));
        return Way::Shown;
    }
    let one = |name: &String| -> (String, Makes) {
        let (step, nonce, approver) = (a.step.clone(), a.nonce.clone(), name.clone());
        let code = move |_| {
            let takes =
                move |code| Next::Send(Command::Approval(ApprovalIntent::TakeCode { step, nonce, approver, code }));
            Next::Ask(line("The code they read", takes))
        };
        (name.clone(), Box::new(code))
    };
    Way::Ask(choice("Who reads it?", a.approvers.iter().map(one).collect()))
}

/// This device's key and the colleagues', and what can be done about them.
fn keys(rest: &str, s: &Snapshot) -> Way {
    let a = &s.approvals;
    let send = |intent| Way::Send(Command::Approval(intent));
    match rest {
        "make" => {
            say("The key is being made; ak shows it.");
            return send(ApprovalIntent::MakeKey);
        }
        "memory" => {
            say("Keys and credentials are kept in memory until Lifeboat closes.");
            return Way::Send(Command::Credential(CredentialIntent::KeepInMemory));
        }
        "know" => {
            let know = |text: String| Next::Send(Command::Approval(ApprovalIntent::Know(text.replace('\n', " "))));
            return Way::Ask(block("A colleague's key line", know));
        }
        _ => {}
    }
    if let Some(name) = rest.strip_prefix("forget ") {
        return match dialog(Ask::forget_key(name.trim()), s.clock.now().utc) {
            Step::Open(q) => Way::Ask(q),
            Step::Done(_) => Way::Shown,
        };
    }
    if let Some(why) = &a.cannot_sign {
        say(&wrapped("! ", why));
        say("  ak memory keeps keys in memory until Lifeboat closes; then: ak make");
    }
    match &a.mine {
        Some(line) => {
            say("Give this line to your colleagues once, by a way they trust:");
            // It may be broken anywhere: whoever reads it puts it together.
            say(&format!("\n{}\n", wrapped("", line)));
        }
        None => say("This device has no key yet. ak make makes it; it stays in the keyring."),
    }
    say("Colleagues");
    for r in &a.roster {
        let own = if r.own { "  this device" } else { "" };
        say(&wrapped_at("  ", "    ", &format!("{}  {}{own}", r.name, r.key)));
    }
    if a.roster.iter().all(|r| r.own) {
        say(&wrapped("  ", "Nobody's key is known here yet: nobody's answer can be taken."));
    }
    say("  ak know takes a colleague's key line; ak forget NAME forgets one");
    Way::Shown
}
