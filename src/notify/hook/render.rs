//! The body that each service wants. Texts go where the service reads no formatting, and are escaped where it would still
//! read some; each is cut to what the service takes.
//!
//! The object for any other listener is this, and changes its `version` before it changes otherwise:
//! ```json
//! { "version": 1, "sender": "lifeboat", "id": "01HZ…/down-212", "moment": "down", "at": "2026-11-20T03:14:07Z",
//!   "mode": "live", "rehearsal": false, "plan": "Production chat", "run": "01HZ…", "run_short": "7F3A",
//!   "what": "East US is down", "left": "18 min", "left_ms": 1080000,
//!   "title": "LIVE · Production chat", "text": "East US is down. Run 7F3A, 18 min left of the agreed time." }
//! ```
//! `moment` is one of started, down, decided, asked, failed, moved, back, closed, or test; `mode` one of live, dry-run,
//! rehearsal, tabletop, or test; `left_ms` is negative when the agreed time is over, and null when nothing is known.
//! A message that comes again has the same `id`.

use serde_json::{Value, json};

use super::address::Address;
use super::template::fill;
use super::{Hook, HookKind, Message, Moment};
use crate::units::{Millis, utc_text, visible};

/// Characters of one value that is filled in; titles are much shorter.
const LONGEST_VALUE: usize = 200;
/// Characters of a whole text: Teams takes 28 KB, in which it stands twice, and a character may have four bytes.
const LONGEST_TEXT: usize = 2_000;
/// What Slack takes in a headline and in a section, with everything escaped.
const SLACK_HEADER: usize = 150;
const SLACK_SECTION: usize = 3_000;
/// What `PagerDuty` takes as summary.
const PAGER_SUMMARY: usize = 1_024;

/// How much of the world a run can touch, as people outside are told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real resources.
    Live,
    /// Real Azure, reads only.
    DryRun,
    /// Simulated Azure.
    Rehearsal,
    /// People only.
    Tabletop,
    /// No run at all.
    Test,
}

impl Mode {
    /// As the headline says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::DryRun => "DRY RUN",
            Self::Rehearsal => "REHEARSAL",
            Self::Tabletop => "TABLETOP",
            Self::Test => "TEST",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::DryRun => "dry-run",
            Self::Rehearsal => "rehearsal",
            Self::Tabletop => "tabletop",
            Self::Test => "test",
        }
    }

    /// What stands behind every text, whoever wrote it.
    fn warning(self) -> Option<&'static str> {
        match self {
            Self::Live | Self::Test => None,
            Self::DryRun => Some("This is a dry run: nothing is changed."),
            Self::Rehearsal => Some("This is a rehearsal: nothing real happens."),
            Self::Tabletop => Some("This is a rehearsal around a table: nothing real happens."),
        }
    }
}

/// The headline: how real it is, and of what.
pub fn headline(m: &Message) -> String {
    format!("{} · {}", m.mode.word(), one_line(&m.plan))
}

/// The text: the hook's own words, else the usual ones; of what is practice it says so.
pub fn text(hook: &Hook, m: &Message) -> String {
    let (plan, what, run, left) = (one_line(&m.plan), one_line(&m.what), one_line(&m.run), left(m.left));
    let value = |name: &str| match name {
        "plan" => plan.as_str(),
        "what" => what.as_str(),
        "run" => run.as_str(),
        "mode" => m.mode.word(),
        _ => left.as_str(),
    };
    let own = Some(hook.template.trim()).filter(|t| !t.is_empty() && m.moment.is_some());
    // What was wrong with the words was said when they were set.
    let said = own.and_then(|t| fill(t, value).ok()).map(|t| visible(&t));
    let said = said.unwrap_or_else(|| {
        let mut out = format!("{}.", capital(&what));
        let counts = !matches!(m.moment, None | Some(Moment::Moved | Moment::Back | Moment::Closed));
        match m.moment {
            Some(_) if counts => out.push_str(&format!(" Run {run}, {left} left of the agreed time.")),
            Some(_) => out.push_str(&format!(" Run {run}.")),
            None => {}
        }
        out
    });
    match m.mode.warning() {
        Some(warning) => format!("{} {warning}", cut(&said, LONGEST_TEXT)),
        None => cut(&said, LONGEST_TEXT),
    }
}

/// What is sent for this message, one body after the other.
pub fn bodies(hook: &Hook, m: &Message, to: &Address) -> Vec<Value> {
    // Somebody may have written the address into the words.
    let (title, text) = (to.struck_from(&headline(m)), to.struck_from(&text(hook, m)));
    match hook.kind {
        HookKind::Teams => vec![teams(&title, &text)],
        HookKind::Slack => vec![slack(&title, &text)],
        HookKind::PagerDuty => pager_duty(&title, &text, m, to),
        HookKind::Generic => vec![generic(&title, &text, m, to)],
    }
}

/// A message with one Adaptive Card, as the webhook trigger of a workflow takes it. Runs of text know no Markdown.
fn teams(title: &str, text: &str) -> Value {
    let run = |text: &str| json!({ "type": "TextRun", "text": text });
    let bold = json!({ "type": "TextRun", "text": title, "weight": "Bolder", "size": "Medium" });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "fallbackText": format!("{title}: {text}"),
                "body": [
                    { "type": "RichTextBlock", "inlines": [bold] },
                    { "type": "RichTextBlock", "inlines": [run(text)] }
                ]
            }
        }]
    })
}

/// Two blocks, and the same as text for notifications. Plain text knows neither formatting nor mentions.
fn slack(title: &str, text: &str) -> Value {
    let plain = |text: &str, most| json!({ "type": "plain_text", "text": escaped(text, most), "emoji": false });
    json!({
        "text": escaped(&format!("{title}: {text}"), SLACK_SECTION),
        "mrkdwn": false,
        "blocks": [
            { "type": "header", "text": plain(title, SLACK_HEADER) },
            { "type": "section", "text": plain(text, SLACK_SECTION) }
        ]
    })
}

/// One alert a run: it comes with the outage, is acknowledged when somebody acts, and is over when users are back. A test
/// takes its alert away again.
fn pager_duty(title: &str, text: &str, m: &Message, to: &Address) -> Vec<Value> {
    let about = |action: &str| {
        json!({
            "routing_key": to.key.expose(),
            "event_action": action,
            "dedup_key": format!("lifeboat-{}", m.run_id),
        })
    };
    let severity = match m.moment {
        // Nobody is woken for practice as they are for an outage.
        _ if m.mode != Mode::Live => "info",
        Some(Moment::Down) => "critical",
        Some(Moment::Failed) => "error",
        Some(Moment::Started | Moment::Asked) => "warning",
        _ => "info",
    };
    let trigger = || {
        let mut event = about("trigger");
        event["client"] = "Lifeboat".into();
        event["payload"] = json!({
            "summary": cut(&format!("{title}: {text}"), PAGER_SUMMARY),
            "source": to.struck_from(&one_line(&m.plan)),
            "severity": severity,
            "timestamp": utc_text(m.at),
            "class": m.moment.map_or("test", Moment::name),
            "custom_details": { "mode": m.mode.name(), "run": m.run, "left": left(m.left) }
        });
        event
    };
    match m.moment {
        None => vec![trigger(), about("resolve")],
        Some(Moment::Started | Moment::Down | Moment::Asked | Moment::Failed) => vec![trigger()],
        Some(Moment::Decided | Moment::Moved) => vec![about("acknowledge")],
        Some(Moment::Back | Moment::Closed) => vec![about("resolve")],
    }
}

fn generic(title: &str, text: &str, m: &Message, to: &Address) -> Value {
    let clean = |t: &str| to.struck_from(&one_line(t));
    json!({
        "version": 1,
        "sender": "lifeboat",
        "id": m.id,
        "moment": m.moment.map_or("test", Moment::name),
        "at": utc_text(m.at),
        "mode": m.mode.name(),
        "rehearsal": m.mode != Mode::Live,
        "plan": clean(&m.plan),
        "run": m.run_id,
        "run_short": m.run,
        "what": clean(&m.what),
        "left": left(m.left),
        "left_ms": m.left,
        "title": title,
        "text": text,
    })
}

/// What is left, as it stands before “left”.
fn left(ms: Option<i64>) -> String {
    match ms.map(u64::try_from) {
        None => "an unknown time".to_owned(),
        Some(Err(_)) => "no time".to_owned(),
        Some(Ok(ms)) if ms < 60_000 => "less than a minute".to_owned(),
        Some(Ok(ms)) => Millis(ms / 60_000 * 60_000).to_string(),
    }
}

/// A value on one line, with nothing hidden in it.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect();
    cut(&visible(&line), LONGEST_VALUE)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// The three signs that Slack reads everywhere, written so that it shows them; cut between signs, not within one.
fn escaped(text: &str, most: usize) -> String {
    let sign = |c| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c => String::from(c),
    };
    let mut out = String::new();
    let mut room = most;
    let mut signs = text.chars().map(sign).peekable();
    while let Some(s) = signs.next() {
        // The last one may take what is left; before others there is room for the sign that says that it goes on.
        let takes = s.chars().count() + usize::from(signs.peek().is_some());
        if room < takes {
            out.push('…');
            break;
        }
        room -= s.chars().count();
        out.push_str(&s);
    }
    out
}
