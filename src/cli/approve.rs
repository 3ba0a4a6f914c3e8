//! `lifeboat approve`: the second person's side in a terminal. It needs no Azure and no run; it shows everything before it
//! signs, and what it signs goes to stdout, alone.

use std::io::{BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args as Arguments;

use crate::approval::phone::Challenge;
use crate::approval::{
    Answer, ApprovalError, Asks, Device, Gathered, Here, Request, Seen, Signed, Verdict, is_there, judge, known,
    may_say, new_colleague, risk, undo,
};
use crate::clock::Clock;
use crate::desk::anchors::witness;
use crate::desk::approvals::{device, keep_answer, plan_of};
use crate::desk::{Home, Roster, chain};
use crate::export::qr;
use crate::journal::{RealDisk, read_run};
use crate::plan::model::Plan;
use crate::runbook::model::Strategy;
use crate::secrets::{ANSWERS_WITHIN, Secrets};
use crate::units::{PublicKey, visible};

use super::{Args, FAILED, FINDING, FINE, USAGE, plan};

/// A photo has less, and an endless input must not fill the memory.
const LONGEST: u64 = 24 << 20;

/// What `approve` is asked for.
#[derive(Debug, Arguments)]
pub struct Wish {
    /// The request: its block as text, files or pictures that hold it, `-` for standard input, or the challenge of the phone
    #[arg(required_unless_present_any = ["key", "know", "forget"], value_name = "CHALLENGE")]
    challenge: Vec<String>,
    /// Refuse instead, with this reason
    #[arg(long, value_name = "REASON")]
    refuse: Option<String>,
    /// The plan that a challenge speaks of: id or file (default: it is looked for)
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// The strategy of that plan, when it is not its own
    #[arg(long, requires = "plan")]
    strategy: Option<Strategy>,
    /// The run on this computer whose plan a challenge speaks of
    #[arg(long, value_name = "RUN", conflicts_with = "plan")]
    run: Option<String>,
    /// Print the line by which colleagues come to know this device's key; makes the key when there is none
    #[arg(long, conflicts_with_all = ["challenge", "refuse"])]
    key: bool,
    /// Know a colleague's key: the line that their Lifeboat shows
    #[arg(long, value_name = "LINE", conflicts_with_all = ["challenge", "refuse"])]
    know: Option<String>,
    /// Forget a colleague's key, by their name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["challenge", "refuse"])]
    forget: Option<String>,
}

/// What was given.
enum Given {
    Whole(Box<Signed<Request>>),
    Phone(Challenge),
}

/// Why it ends, and how.
struct End(u8, String);

impl From<ApprovalError> for End {
    fn from(e: ApprovalError) -> Self {
        let code = match e {
            ApprovalError::UnknownKey(_)
            | ApprovalError::MadeHere
            | ApprovalError::Expired(_)
            | ApprovalError::Future(_)
            | ApprovalError::NoPlan
            | ApprovalError::NoPair
            | ApprovalError::Key => FAILED,
            ApprovalError::Typed(_) => FINDING,
            _ => USAGE,
        };
        Self(code, e.to_string())
    }
}

fn failed(e: &dyn std::error::Error) -> End {
    End(FAILED, chain(e))
}

/// Does it; the exit code.
pub fn run(args: &Args, wish: &Wish) -> u8 {
    done(args, wish).unwrap_or_else(|End(code, why)| {
        say!("lifeboat: {why}");
        code
    })
}

fn done(args: &Args, wish: &Wish) -> Result<u8, End> {
    let home = Home::find(args.home.as_deref()).map_err(|e| failed(&e))?;
    let mut roster = Roster::read(&home).map_err(|e| failed(&e))?;
    if let Some(line) = &wish.know {
        let new = known(line)?;
        let (name, print) = (visible(&new.name), new.key.fingerprint());
        let mine = roster.mine.clone();
        new_colleague(&mut roster.colleagues, mine.as_ref(), new)?;
        roster.save(&home).map_err(|e| failed(&e))?;
        say!(
            "The key {print} of {name} is known here. Compare it with them by voice, if the line came through others."
        );
        return Ok(FINE);
    }
    if let Some(name) = &wish.forget {
        let before = roster.colleagues.len();
        roster.colleagues.retain(|c| c.name != *name);
        if roster.colleagues.len() == before {
            return Err(End(USAGE, format!("nobody called “{}” is known here by key", visible(name))));
        }
        roster.save(&home).map_err(|e| failed(&e))?;
        say!("The key of {} is forgotten.", visible(name));
        return Ok(FINE);
    }
    let me = super::operator(&home);
    if wish.key {
        let device = key(&home, &mut roster)?;
        out!("{}", device.line(&me));
        say!("Its fingerprint, to compare by voice: {}", device.public().fingerprint());
        return Ok(FINE);
    }
    let mut rest = Rest::default();
    match given(&wish.challenge, &mut rest)? {
        Given::Whole(request) => whole(wish, &home, roster, &request, &me, &mut rest),
        Given::Phone(challenge) => phone(args, wish, &home, roster, challenge, &mut rest),
    }
}

/// This device's key; the first time it is noted as its own.
fn key(home: &Home, roster: &mut Roster) -> Result<Device, End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| failed(&e))?;
    let secrets = Secrets::in_keyring(home.dir(), ANSWERS_WITHIN);
    let device = runtime.block_on(device(&secrets)).map_err(|e| failed(&e))?;
    if roster.mine.as_ref() != Some(device.public()) {
        roster.mine = Some(device.public().clone());
        roster.save(home).map_err(|e| failed(&e))?;
        say!(
            "This computer signs with the key {}; colleagues take it from `lifeboat approve --key`.",
            device.public().fingerprint()
        );
    }
    Ok(device)
}

/// What is left of standard input when the request came through it: the person's answer may follow.
#[derive(Default)]
struct Rest(Option<Box<dyn BufRead>>);

impl Rest {
    /// The next line; none at the end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = match &mut self.0 {
            Some(from) => from.take(4096).read_line(&mut line),
            None => std::io::stdin().lock().take(4096).read_line(&mut line),
        };
        read.ok().filter(|n| *n > 0).map(|_| line.trim().to_owned())
    }
}

/// The request, from wherever it is.
fn given(words: &[String], rest: &mut Rest) -> Result<Given, End> {
    if words == ["-"] {
        return from_stdin(rest);
    }
    let joined = words.join(" ");
    if is_there::<Request>(&joined) || joined.contains("[Lifeboat") {
        return Ok(Given::Whole(Box::new(Signed::read(&joined)?)));
    }
    let paths: Vec<PathBuf> = words.iter().map(PathBuf::from).collect();
    if paths.iter().any(|p| p.exists()) {
        return from_files(&paths);
    }
    match Challenge::heard(&joined) {
        Some(challenge) => Ok(Given::Phone(challenge?)),
        None => Err(End(
            USAGE,
            format!(
                "“{}” is neither a file, nor the block of a request, nor a challenge of five groups of four signs",
                visible(&joined.chars().take(60).collect::<String>())
            ),
        )),
    }
}

fn from_stdin(rest: &mut Rest) -> Result<Given, End> {
    let mut text = String::new();
    let mut from = std::io::BufReader::new(std::io::stdin().take(LONGEST));
    loop {
        let mut line = String::new();
        let read = from.read_line(&mut line).map_err(|e| End(USAGE, format!("standard input cannot be read: {e}")))?;
        text.push_str(&line);
        if read == 0 || line.contains("[end of Lifeboat") {
            break;
        }
        if let Some(challenge) = Challenge::heard(text.trim()) {
            rest.0 = Some(Box::new(from));
            return Ok(Given::Phone(challenge?));
        }
    }
    rest.0 = Some(Box::new(from));
    Ok(Given::Whole(Box::new(Signed::read(&text)?)))
}

fn from_files(paths: &[PathBuf]) -> Result<Given, End> {
    let mut pictures = Gathered::default();
    let mut texts = String::new();
    for path in paths {
        let bytes = bytes_of(path)?;
        if qr::is_picture(&bytes) {
            for text in qr::read(bytes).map_err(|e| End(USAGE, format!("{}: {}", path.display(), chain(&e))))? {
                pictures.take(&text)?;
            }
        } else {
            let text = String::from_utf8(bytes);
            texts += &text.map_err(|_| End(USAGE, format!("{} holds neither text nor a picture", path.display())))?;
        }
    }
    if !texts.is_empty() {
        return match Challenge::heard(texts.trim()) {
            Some(challenge) => Ok(Given::Phone(challenge?)),
            None => Ok(Given::Whole(Box::new(Signed::read(&texts)?))),
        };
    }
    Ok(Given::Whole(Box::new(Signed::unpack(&pictures.whole()?)?)))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, End> {
    let bad = |e: std::io::Error| End(USAGE, format!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(bad)?.take(LONGEST + 1).read_to_end(&mut bytes).map_err(bad)?;
    if bytes.len() as u64 > LONGEST { Err(End(USAGE, ApprovalError::TooLarge.to_string())) } else { Ok(bytes) }
}

fn whole(
    wish: &Wish,
    home: &Home,
    mut roster: Roster,
    request: &Signed<Request>,
    me: &str,
    rest: &mut Rest,
) -> Result<u8, End> {
    let r = request.what();
    let mine: Option<PublicKey> = roster.mine.clone();
    let colleagues = roster.colleagues.clone();
    let here = Here { now: Clock::system().now().utc, mine: mine.as_ref(), known: &colleagues };
    show(r, &here);
    if let Some(look) = witness::look(home, r) {
        rows(std::iter::once((witness::LABEL, look.text)));
    }
    judge(r, &here)?;
    let typed = match &wish.refuse {
        Some(reason) => {
            may_say(None, &Verdict::Refused(reason.clone()), None)?;
            None
        }
        None => match asked(r.typed_name.as_deref(), rest) {
            Ok(typed) => typed,
            Err(()) => return Ok(FINDING),
        },
    };
    let verdict = wish.refuse.clone().map_or(Verdict::Agreed, Verdict::Refused);
    let device = key(home, &mut roster)?;
    // The time it took to read counts.
    let here = Here { now: Clock::system().now().utc, ..here };
    let seen = witness::signs(home, r, &verdict, &device, here.now);
    if let Some(Seen::Refused(why)) = &seen {
        say!("The checkpoint of their record is not signed: {why}.");
    }
    let answer = Answer::seeing(request, verdict, typed.as_deref(), me, &here, &device, seen)?.block()?;
    keep_answer(home, r, &request.block()?, &answer).map_err(|e| failed(&e))?;
    out!("{}", answer.trim_end());
    let from = visible(&r.from);
    Ok(if wish.refuse.is_some() {
        say!("Refused. Send the block to {from}, so that the record says so.");
        FINDING
    } else {
        say!("Signed. Send the block to {from}.");
        FINE
    })
}

/// A yes, or the name that has to be typed; anything else is none.
fn asked(name: Option<&str>, rest: &mut Rest) -> Result<Option<String>, ()> {
    let prompt = match name {
        Some(name) => format!("This cannot be taken back in full. To agree, type {}: ", visible(name)),
        None => "To agree to exactly this, type yes: ".to_owned(),
    };
    say!("{prompt}");
    // The end of the input is no word of anybody's.
    if let Some(said) = rest.line()
        && said == name.unwrap_or("yes")
    {
        return Ok(name.is_some().then_some(said));
    }
    let again = if std::io::stdin().is_terminal() { "" } else { "; the answer is read from standard input" };
    say!("Nothing was signed: the answer was not “{}”{again}.", visible(name.unwrap_or("yes")));
    Err(())
}

/// On one line: whoever asks must not draw lines that look like Lifeboat's own.
fn one_line(text: &str) -> String {
    visible(text).split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ⏎ ")
}

fn show(r: &Request, here: &Here<'_>) {
    let from = match here.named(&r.key) {
        Some(c) => format!("{} (key {}, known here)", one_line(&c.name), r.key.fingerprint()),
        None => {
            format!("Somebody who calls themselves {} (key {}, NOT known here)", one_line(&r.from), r.key.fingerprint())
        }
    };
    say!("{from} asks you {}.", r.headline());
    say!("  {} · {} · {}", r.mode.word(), one_line(&r.plan.title), one_line(&r.plan.environment));
    say!("  run {} · step {}: {}", one_line(&r.run), one_line(&r.step.id), one_line(&r.step.title));
    for (n, c) in r.asks.changes().iter().enumerate() {
        say!("{}. {}", n + 1, one_line(&c.what));
        for f in &c.fields {
            let value = |v: &Option<String>| v.as_deref().map_or_else(|| "(nothing)".to_owned(), one_line);
            say!("     {}, as they read it: {} → {}", one_line(&f.name), value(&f.before), value(&f.after));
        }
        say!("     on {}", one_line(&c.target));
    }
    if let Asks::Words(words) = &r.asks {
        words.iter().for_each(|w| say!("  “{}”", one_line(w)));
    }
    rows(r.rows().into_iter().map(|(label, _, text)| (label, text)));
}

fn rows<'a>(rows: impl Iterator<Item = (&'a str, String)>) {
    for (label, text) in rows {
        say!("{label:>19}  {}", one_line(&text));
    }
}

fn phone(
    args: &Args,
    wish: &Wish,
    home: &Home,
    mut roster: Roster,
    challenge: Challenge,
    rest: &mut Rest,
) -> Result<u8, End> {
    if wish.refuse.is_some() {
        return Err(End(USAGE, "a refusal has no code: say no on the phone, and why".to_owned()));
    }
    let colleagues = roster.colleagues.clone();
    let (from, pair) = challenge.from(&colleagues)?;
    let plan = the_plan(args, wish, home, challenge)?;
    let step = challenge.step(&plan).ok_or(ApprovalError::NoPlan)?;
    let mode = challenge.mode().word();
    say!("{} asks you {}.", one_line(&from.name), challenge.about().words());
    say!("  {mode} · {} · {}", one_line(&plan.title), one_line(&plan.environment));
    say!("  step {}: {}", one_line(&step.id), one_line(&step.title));
    let by_hand = step.by_hand.iter().map(|line| ("by hand", line.clone()));
    let lose = step.may_lose.clone().unwrap_or_else(|| "nothing is expected to be lost".to_owned());
    let known = [
        ("target", step.target.clone()),
        ("may lose", lose),
        ("risk", risk(step.risk).to_owned()),
        ("undo", undo(step)),
        ("plan digest", plan.digest.clone()),
    ];
    rows(known.into_iter().chain(by_hand));
    say!(
        "This is what the plan says. The phone does not carry what was read from Azure just now, the words of a decision, the\n\
         guards, or until when it can be answered: ask for them aloud."
    );
    if asked(step.typed_name(), rest).is_err() {
        return Ok(FINDING);
    }
    let device = key(home, &mut roster)?;
    out!("{}", challenge.code(&device, &pair, &plan)?);
    say!("Read this code to {}. It proves less than a signature, and the record says so.", one_line(&from.name));
    Ok(FINE)
}

/// The plan that is named, or the one that fits.
fn the_plan(args: &Args, wish: &Wish, home: &Home, challenge: Challenge) -> Result<Plan, End> {
    let fits = |plan: Plan, name: &str| match challenge.step(&plan) {
        Some(_) => Ok(plan),
        None => Err(End::from(ApprovalError::OtherPlan(name.to_owned()))),
    };
    if let Some(run) = &wish.run {
        let dir = home.find_run(&RealDisk, run).map_err(|e| End(USAGE, chain(&e)))?;
        let records = read_run(&RealDisk, &dir).map_err(|e| failed(&e))?;
        let run = crate::desk::replay(&records).map_err(|e| failed(&e))?;
        let plan = run.plan.ok_or(ApprovalError::NoPlan)?;
        return fits((*plan).clone(), dir.to_string_lossy().as_ref());
    }
    if let Some(name) = &wish.plan {
        let found = plan::find(args, name, wish.strategy).map_err(|why| End(USAGE, why))?;
        return fits(found.plan, name);
    }
    let catalog = home.catalog().map_err(|e| failed(&e))?;
    Ok(plan_of(&catalog, challenge)?)
}
