//! What each service is sent at each moment, to the letter; and names that would be something else.

use lifeboat::notify::hook::{HookError, bodies, headline, text};
use serde_json::{Value, json};

use super::*;

/// Moment, what happened, the usual words, and what `PagerDuty` does at it.
const TABLE: [(Option<Moment>, &str, &str, &str, &str); 9] = [
    (None, "this is a test", "This is a test.", "trigger", "info"),
    (
        Some(Moment::Started),
        "the run began",
        "The run began. Run 7F3A, 18 min left of the agreed time.",
        "trigger",
        "warning",
    ),
    (
        Some(Moment::Down),
        "East US is down",
        "East US is down. Run 7F3A, 18 min left of the agreed time.",
        "trigger",
        "critical",
    ),
    (
        Some(Moment::Decided),
        "it was decided",
        "It was decided. Run 7F3A, 18 min left of the agreed time.",
        "acknowledge",
        "",
    ),
    (
        Some(Moment::Asked),
        "Bo is asked",
        "Bo is asked. Run 7F3A, 18 min left of the agreed time.",
        "trigger",
        "warning",
    ),
    (Some(Moment::Failed), "F4 failed", "F4 failed. Run 7F3A, 18 min left of the agreed time.", "trigger", "error"),
    (Some(Moment::Moved), "users are there", "Users are there. Run 7F3A.", "acknowledge", ""),
    (Some(Moment::Back), "users are back", "Users are back. Run 7F3A.", "resolve", ""),
    (Some(Moment::Closed), "it was closed", "It was closed. Run 7F3A.", "resolve", ""),
];

fn teams(title: &str, text: &str) -> Value {
    json!({ "type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null,
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "msteams": { "width": "Full" }, "fallbackText": format!("{title}: {text}"),
            "body": [
                { "type": "RichTextBlock", "inlines": [
                    { "type": "TextRun", "text": title, "weight": "Bolder", "size": "Medium" }] },
                { "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text }] },
            ],
        },
    }] })
}

fn slack(title: &str, text: &str) -> Value {
    json!({ "text": format!("{title}: {text}"), "mrkdwn": false, "blocks": [
        { "type": "header", "text": { "type": "plain_text", "text": title, "emoji": false } },
        { "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } },
    ] })
}

fn pager(m: &Message, title: &str, text: &str, action: &str, severity: &str) -> Vec<Value> {
    let about = json!({ "routing_key": KEY, "event_action": action, "dedup_key": "lifeboat-01hz-7f3a" });
    if severity.is_empty() {
        return vec![about];
    }
    let class = m.moment.map_or("test", Moment::name);
    let mut all = vec![json!({
        "routing_key": KEY, "event_action": "trigger", "dedup_key": "lifeboat-01hz-7f3a", "client": "Lifeboat",
        "payload": {
            "summary": format!("{title}: {text}"), "source": "Production chat", "severity": severity,
            "timestamp": "2026-11-18T11:06:40Z", "class": class,
            "custom_details": { "mode": if m.mode == Mode::Live { "live" } else { "test" }, "run": "7F3A", "left": "18 min" },
        },
    })];
    if m.moment.is_none() {
        all.push(json!({ "routing_key": KEY, "event_action": "resolve", "dedup_key": "lifeboat-01hz-7f3a" }));
    }
    all
}

#[test]
fn every_service_is_sent_its_own_shape_at_every_moment() {
    for (moment, what, words, action, severity) in TABLE {
        let mode = if moment.is_some() { Mode::Live } else { Mode::Test };
        let m = Message { mode, ..message(moment, what) };
        let title = format!("{} · Production chat", mode.word());
        let generic = json!({
            "version": 1, "sender": "lifeboat", "id": "01hz-7f3a/x-7", "moment": moment.map_or("test", Moment::name),
            "at": "2026-11-18T11:06:40Z", "mode": mode.word().to_lowercase(), "rehearsal": mode != Mode::Live,
            "plan": "Production chat", "run": "01hz-7f3a", "run_short": "7F3A", "what": what, "left": "18 min",
            "left_ms": 1_080_900, "title": title, "text": words,
        });
        for (kind, expected) in [
            (HookKind::Teams, vec![teams(&title, words)]),
            (HookKind::Slack, vec![slack(&title, words)]),
            (HookKind::PagerDuty, pager(&m, &title, words, action, severity)),
            (HookKind::Generic, vec![generic]),
        ] {
            assert_eq!(bodies(&hook(kind), &m, &usual(kind)), expected, "{kind:?} {moment:?}");
        }
    }
}

#[test]
fn practice_says_so_in_headline_and_text_whatever_the_words_and_wakes_nobody() {
    for (mode, word, says) in [
        (Mode::Rehearsal, "REHEARSAL", "This is a rehearsal: nothing real happens."),
        (Mode::Tabletop, "TABLETOP", "This is a rehearsal around a table: nothing real happens."),
        (Mode::DryRun, "DRY RUN", "This is a dry run: nothing is changed."),
    ] {
        let m = Message { mode, ..message(Some(Moment::Down), "East US is down") };
        let own = lifeboat::notify::hook::Hook { template: "Look!".to_owned(), ..hook(HookKind::PagerDuty) };
        assert_eq!(headline(&m), format!("{word} · Production chat"));
        assert_eq!(text(&own, &m), format!("Look! {says}"));
        assert_eq!(bodies(&own, &m, &usual(own.kind))[0]["payload"]["severity"], "info");
        assert!(!own.wants(Moment::Down, mode) && own.wants(Moment::Down, Mode::Live));
        assert!(Hook { rehearsals: true, ..own }.wants(Moment::Down, mode));
    }
}

#[test]
fn words_of_ones_own_are_filled_in_once_and_checked_when_they_are_set() {
    let m = |plan: &str, left| Message { plan: plan.to_owned(), left, ..message(Some(Moment::Failed), "{run}") };
    for (template, left, expected) in [
        (
            "{mode} {plan}: {what}, {left} left ({run})",
            Some(59_000),
            "LIVE {left}: {run}, less than a minute left (7F3A)",
        ),
        ("{{{left}}}", Some(-1), "{no time}"),
        ("{left} a } b", None, "an unknown time a } b"),
    ] {
        let own = Hook { template: template.to_owned(), ..hook(HookKind::Generic) };
        assert_eq!(own.check(), Ok(()), "{template}");
        assert_eq!(text(&own, &m("{left}", left)), expected);
    }
    let long = "x".repeat(1_001);
    for (template, wrong) in [
        ("{who} did it", HookError::Placeholder("who".to_owned())),
        ("{PLAN}", HookError::Placeholder("PLAN".to_owned())),
        ("{plan", HookError::Brace),
        (long.as_str(), HookError::TooLong),
    ] {
        let own = Hook { template: template.to_owned(), ..hook(HookKind::Generic) };
        assert_eq!(own.check(), Err(wrong.clone()), "{template}");
        assert!(!wrong.to_string().contains(TOKEN));
    }
    let said = HookError::Placeholder("who".to_owned()).to_string();
    assert_eq!(
        said,
        "`{who}` stands for nothing in a message; there are {plan}, {what}, {run}, {mode}, {left}, and `{{` is a brace"
    );
}

#[test]
fn hostile_names_stay_text_and_long_ones_are_cut_to_what_a_service_takes() {
    let evil = "<!channel> & **bold** [a](https://evil.example) \u{202e}x\n<at>all</at>";
    let m = Message { plan: evil.to_owned(), ..message(Some(Moment::Down), evil) };
    let slack = bodies(&hook(HookKind::Slack), &m, &usual(HookKind::Slack)).remove(0);
    let all = slack.to_string();
    assert!(all.contains("&lt;!channel&gt; &amp; **bold**") && !all.contains('<'), "{all}");
    assert!(all.contains("\\\\u{202e}x &lt;at&gt;"), "what is hidden is shown, and a line is a line: {all}");
    let teams = bodies(&hook(HookKind::Teams), &m, &usual(HookKind::Teams)).remove(0);
    assert!(!teams.to_string().contains("TextBlock\",\"text"), "text that knows Markdown is not used: {teams}");

    let long = Message { plan: "&".repeat(9_000), ..message(Some(Moment::Down), &"é<".repeat(9_000)) };
    let own = |kind| Hook { template: "{plan}{what}".repeat(70), ..hook(kind) };
    for kind in [HookKind::Slack, HookKind::Teams, HookKind::PagerDuty, HookKind::Generic] {
        assert_eq!(own(kind).check(), Ok(()));
        let body = bodies(&own(kind), &long, &usual(kind)).remove(0);
        assert!(body.to_string().len() < 28_000, "{kind:?}: {}", body.to_string().len());
        let longest = |v: &Value, most: usize| {
            let text = v.as_str().unwrap();
            assert!(text.chars().count() <= most && text.ends_with('…'), "{} of {most}", text.chars().count());
        };
        match kind {
            HookKind::Slack => {
                longest(&body["blocks"][0]["text"]["text"], 150);
                longest(&body["blocks"][1]["text"]["text"], 3_000);
                assert!(!body.to_string().replace("&amp;", "").replace("&lt;", "").contains('&'), "none is cut in two");
            }
            HookKind::PagerDuty => longest(&body["payload"]["summary"], 1_024),
            _ => {}
        }
    }
}

#[test]
fn an_address_is_https_has_no_name_in_it_and_is_never_shown() {
    for (kind, text, wrong) in [
        (HookKind::Generic, "", "no address"),
        (HookKind::Generic, "hooks.example/x", "does not begin with https://"),
        (HookKind::Generic, "ftp://hooks.example/x", "must begin with https://"),
        (HookKind::Generic, "http://hooks.example/x", "127.0.0.1 alone"),
        (HookKind::Generic, "http://localhost/x", "127.0.0.1 alone"),
        (HookKind::Generic, "http://127.0.0.1.evil.example/x", "127.0.0.1 alone"),
        (HookKind::Slack, "https://me:word@hooks.example/x", "a name and password"),
        (HookKind::Slack, "https://hooks.example/a b", "blanks or line ends"),
        (HookKind::Teams, "https://contoso.webhook.office.com/webhookb2/x", "retired"),
        (HookKind::PagerDuty, "short", "32 letters and digits"),
        (HookKind::PagerDuty, "https://hooks.example/x", "32 letters and digits"),
        (HookKind::PagerDuty, "http://hooks.example 0123456789abcdef0123456789ABCDEF", "127.0.0.1 alone"),
    ] {
        let said = Address::of(kind, &Secret::new(text)).unwrap_err().to_string();
        assert!(said.contains(wrong), "{text}: {said}");
        assert!(text.len() < 6 || !said.contains(text), "{said}");
    }
    for (kind, text) in [
        (HookKind::Generic, "http://127.0.0.1:8080/x".to_owned()),
        (HookKind::Generic, "http://[::1]:8080/x".to_owned()),
        (HookKind::Teams, format!("https://x.environment.api.powerplatform.com:443/workflows/{TOKEN}?sig={TOKEN}")),
        (HookKind::PagerDuty, format!("https://events.eu.pagerduty.com/v2/enqueue {KEY}")),
    ] {
        let a = address(kind, &text);
        assert_eq!(format!("{a:?}"), "•••");
        assert_eq!(a.struck_from(&format!("it said {text}!")), "it said •••!");
    }
    // Neither whole nor in part in what people read.
    let a = usual(HookKind::Slack);
    let spilled = Hook { template: format!("see {TOKEN}"), ..hook(HookKind::Slack) };
    assert_eq!((a.apart_from(&spilled), a.apart_from(&hook(HookKind::Slack))), (Err(HookError::Spilled), Ok(())));
    assert!(!bodies(&spilled, &message(Some(Moment::Down), TOKEN), &a)[0].to_string().contains(TOKEN));
}

#[test]
fn a_name_is_for_people_and_its_secret_is_filed_with_the_credentials() {
    for (name, filed) in [
        ("War room", "hook-war-room"),
        ("on-call_2.eu", "hook-on-call-2-eu"),
        ("Database administrators", "hook-database-a"),
        ("Bereitschaft Köln", "hook-bereitscha"),
        ("当番", "hook-"),
    ] {
        let all = Hook { name: name.to_owned(), ..hook(HookKind::Slack) };
        assert_eq!(all.check(), Ok(()), "{name}");
        let is = all.filed();
        assert!(is.starts_with(filed) && (is == filed || is.len() <= 24), "{name}: {is}");
        assert!(lifeboat::secrets::Name::credential(&is, None).is_ok(), "{is}");
    }
    let long = format!("https://hooks.example/{TOKEN}");
    for name in ["", " War room", "a\nb", "x\u{202e}y", KEY, &long, "http://x", &"word ".repeat(9)] {
        let said = Hook { name: name.to_owned(), ..hook(HookKind::Slack) }.check().unwrap_err().to_string();
        assert!(!said.contains(TOKEN) && !said.contains(KEY), "{said}");
    }
    assert_eq!(Hook { moments: Vec::new(), ..hook(HookKind::Slack) }.check(), Err(HookError::NoMoment));
}
