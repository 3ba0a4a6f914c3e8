//! A plan on paper: nothing is missing from either form, nothing in a plan can act, and the same print has the same bytes.

use lifeboat::export::{Paper, Printed, sheet_html, sheet_pdf};
use lifeboat::plan::{self, model::Plan};
use lifeboat::runbook::model::Strategy;

use super::{pdf_text, piped};

const RUNBOOK: &str = include_str!("../../../runbooks/azure-openai.ron");
const PLAN: &str = include_str!("../../../assets/plans/prod-chat.ron");
/// 2026-11-20T03:14:07Z.
const PRINTED: Printed = Printed { at: 1_795_144_447_000 };

fn bound(strategy: Strategy) -> Plan {
    let (plan, found) = plan::bind("p.ron", PLAN, &crate::plan::source("r.ron", RUNBOOK), Some(strategy));
    assert_eq!(found, []);
    plan.unwrap()
}

/// Lines are broken anywhere on paper, between the columns of a step as well.
fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The text of a page without its markup.
fn html_text(html: &str) -> String {
    let body = &html[html.find("<body>").unwrap()..];
    let mut out = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Everything that a person needs to have on paper.
fn everything(plan: &Plan) -> Vec<String> {
    let own = [&plan.id, &plan.title, &plan.environment, &plan.runbook_id, &plan.runbook_title, &plan.digest];
    let mut all: Vec<String> = own.into_iter().cloned().collect();
    all.extend([plan.rto.to_string(), plan.rpo.to_string(), plan.strategy.display().to_owned()]);
    all.extend(plan.values.iter().flat_map(|(k, v)| [k.clone(), v.clone()]));
    all.extend(plan.sides().map(|s| s.resource.as_ref().unwrap().to_string()));
    all.push("2026-11-20 03:14:07 UTC".to_owned());
    for s in &plan.steps {
        all.extend([&s.id, &s.title, &s.why, &s.degraded, &s.target].map(Clone::clone));
        all.extend(s.by_hand.iter().chain(&s.may_lose).chain(&s.second_person).cloned());
        all.push(s.source.display());
        let checks = s.verify.iter().filter(|_| !s.decision);
        all.extend(checks.map(|c| lifeboat::runbook::words::condition(&c.condition)));
        all.extend(s.guards.iter().map(lifeboat::runbook::words::guard));
    }
    all.extend(lifeboat::run::clocks::NAMES.map(|n| n.split_once(' ').unwrap().1.to_owned()));
    all
}

#[test]
fn nothing_is_missing_from_the_html() {
    for strategy in [Strategy::HotHot, Strategy::HotWarm, Strategy::HotCold] {
        let plan = bound(strategy);
        let text = without_blanks(&html_text(&sheet_html(&plan, &PRINTED)));
        for what in everything(&plan) {
            assert!(text.contains(&without_blanks(&what)), "{what}");
        }
    }
}

#[test]
fn nothing_is_missing_from_the_pdf() {
    for (strategy, paper) in [(Strategy::HotWarm, Paper::A4), (Strategy::HotCold, Paper::Letter)] {
        let plan = bound(strategy);
        let pdf = sheet_pdf(&plan, &PRINTED, paper).unwrap();
        let Some(text) = pdf_text(&pdf) else { return };
        // Where a page ends, its foot and the head of the next stand between two lines of a text.
        let pages: Vec<&str> = text.split('\u{c}').filter(|p| !p.trim().is_empty()).collect();
        assert!(pages.len() > 10, "{} pages", pages.len());
        let mut flow = String::new();
        for (n, page) in pages.iter().enumerate() {
            let foot = format!("{} of {}", n + 1, pages.len());
            assert!(page.contains(&foot), "page {} says no `{foot}`", n + 1);
            let mark = format!("{} · {} · paper copy, not the record", plan.id, &plan.digest[..12]);
            assert!(page.contains(&mark), "page {} has no `{mark}`", n + 1);
            let own = page.lines().filter(|l| *l != foot && *l != mark && !l.ends_with(", continued"));
            flow.push_str(&own.collect::<Vec<_>>().join("\n"));
        }
        let flow = without_blanks(&flow);
        for what in everything(&plan) {
            assert!(flow.contains(&without_blanks(&what)), "{what}");
        }
    }
}

#[test]
fn the_pdf_is_sound_and_says_what_it_is() {
    let pdf = sheet_pdf(&bound(Strategy::HotCold), &PRINTED, Paper::A4).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    piped("qpdf", &["--check", "@"], &pdf);
    let Some(info) = piped("pdfinfo", &["@"], &pdf) else { return };
    for part in ["Title:           Production chat", "Tagged:          yes", "JavaScript:      no", "(A4)"] {
        assert!(info.contains(part), "{part}: {info}");
    }
    let Some(fonts) = piped("pdffonts", &["@"], &pdf) else { return };
    // Embedded, a subset, with a way back to text: yes three times.
    let rows: Vec<&str> = fonts.lines().skip(2).collect();
    assert!(rows.len() >= 3 && rows.iter().all(|r| r.contains("+B612") && r.matches("yes").count() == 3), "{fonts}");
    let letter = sheet_pdf(&bound(Strategy::HotCold), &PRINTED, Paper::Letter).unwrap();
    assert!(piped("pdfinfo", &["@"], &letter).unwrap().contains("612 x 792"));
}

#[test]
fn the_same_print_has_the_same_bytes() {
    let plan = bound(Strategy::HotWarm);
    assert_eq!(sheet_html(&plan, &PRINTED), sheet_html(&plan, &PRINTED));
    let pdf = sheet_pdf(&plan, &PRINTED, Paper::A4).unwrap();
    assert!(pdf == sheet_pdf(&plan, &PRINTED, Paper::A4).unwrap(), "the PDF differs");
    let later = Printed { at: PRINTED.at + 60_000 };
    assert_ne!(sheet_html(&plan, &PRINTED), sheet_html(&plan, &later));
    assert!(pdf != sheet_pdf(&plan, &later, Paper::A4).unwrap());
}

/// A plan whose every text is after something.
fn hostile() -> Plan {
    let evil = "</style><script src=\"https://evil.example/x.js\">alert(1)</script>\u{202e}txt\u{200b}\u{2028}\u{7}";
    let mut plan = bound(Strategy::HotWarm);
    for t in [&mut plan.id, &mut plan.title, &mut plan.environment, &mut plan.runbook_title, &mut plan.digest] {
        evil.clone_into(t);
    }
    plan.labels = vec![format!("retired: {evil}")];
    plan.values.insert(evil.to_owned(), evil.to_owned());
    plan.components.insert(evil.to_owned(), Strategy::HotCold);
    for s in &mut plan.steps {
        for t in [&mut s.id, &mut s.title, &mut s.why, &mut s.degraded, &mut s.target] {
            evil.clone_into(t);
        }
        s.by_hand = vec![evil.to_owned(), "\"><img src=x onerror=alert(1)>".to_owned()];
        (s.may_lose, s.second_person, s.group) = (Some(evil.into()), Some(evil.into()), Some(evil.into()));
    }
    plan
}

#[test]
fn nothing_in_a_plan_can_act() {
    let html = sheet_html(&hostile(), &PRINTED);
    assert_eq!(html.matches("<script").count() + html.matches("<img").count(), 0);
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("&lt;script src=&quot;https://evil.example/x.js&quot;&gt;"));
    for hidden in ['\u{202e}', '\u{200b}', '\u{2028}', '\u{7}'] {
        assert!(!html.contains(hidden), "{hidden:?} went through");
        assert!(html.contains(&format!("\\u{{{:x}}}", hidden as u32)));
    }
    let pdf = sheet_pdf(&hostile(), &PRINTED, Paper::A4).unwrap();
    for key in [&b"/JavaScript"[..], b"/JS", b"/Launch", b"/URI", b"/OpenAction", b"/AA"] {
        assert!(!pdf.windows(key.len()).any(|w| w == key), "{}", String::from_utf8_lossy(key));
    }
    if let Some(text) = pdf_text(&pdf) {
        assert!(text.contains("\\u{202e}") && !text.contains('\u{202e}'));
    }
}

#[test]
fn the_html_needs_nothing_but_itself() {
    let html = sheet_html(&bound(Strategy::HotWarm), &PRINTED);
    assert!(html.contains("content=\"default-src 'none'; font-src data:; style-src 'sha256-"));
    let markup = &html[..html.find("<style>").unwrap()];
    for word in [" href=", " src=", "@import", "<link", "<script", "<iframe", "<object", " style=\"", " on"] {
        let tags: Vec<&str> = html.split('<').map(|t| t.split('>').next().unwrap_or_default()).collect();
        let word = word.trim_start_matches('<');
        assert!(
            !tags.iter().skip(1).any(|t| t.starts_with(word) || (word.starts_with(' ') && t.contains(word))),
            "{word}"
        );
    }
    assert!(!markup.contains("http:") && !markup.contains("https:"));
    let style = &html[html.find("<style>").unwrap()..html.find("</style>").unwrap()];
    assert!(style.split("url(").skip(1).all(|u| u.starts_with("data:font/otf;base64,")));
    assert!(style.contains("counter(page) \" of \" counter(pages)"));
}

#[test]
fn what_a_runbook_says_against_itself_is_on_the_first_page() {
    let text = RUNBOOK.replacen("system: AzureOpenAI,", "system: AzureOpenAI, retired: \"moved to Foundry\",", 1);
    let plan = plan::bind("p.ron", PLAN, &crate::plan::source("r.ron", &text), None).0.unwrap();
    assert_eq!(plan.labels, ["Retired: moved to Foundry"]);
    assert!(html_text(&sheet_html(&plan, &PRINTED)).contains("Retiredmoved to Foundry"));
    let pdf = sheet_pdf(&plan, &PRINTED, Paper::A4).unwrap();
    if let Some(text) = pdf_text(&pdf) {
        assert!(text.split('\u{c}').next().unwrap().contains("moved to Foundry"));
    }
}

#[test]
fn what_the_font_lacks_is_printed_as_a_number_and_what_is_long_goes_on() {
    let mut plan = bound(Strategy::HotWarm);
    plan.title = "東 Grüße → Ω".to_owned();
    plan.steps[0].why = "word ".repeat(4_000);
    plan.steps[0].by_hand = vec!["x".repeat(9_000)];
    plan.values.insert("long".to_owned(), "y".repeat(9_000));
    let Some(text) = pdf_text(&sheet_pdf(&plan, &PRINTED, Paper::Letter).unwrap()) else { return };
    assert!(text.contains("\\u{6771} Grüße → Ω"), "{}", &text[..300]);
    assert!(text.contains(&format!("{} {}, continued", plan.steps[0].id, plan.steps[0].title)));
    assert_eq!(text.matches("word").count(), 4_000 + bound_words());
    assert!(text.matches('y').count() >= 9_000 && text.matches('x').count() >= 9_000);
    // Plans without end are refused, not printed.
    plan.steps[0].why = "word ".repeat(600_000);
    let refused = sheet_pdf(&plan, &PRINTED, Paper::Letter).unwrap_err();
    assert!(refused.to_string().contains("500 pages"), "{refused}");
}

/// How often the plan itself says “word”.
fn bound_words() -> usize {
    let mut plan = bound(Strategy::HotWarm);
    plan.steps[0].why.clear();
    pdf_text(&sheet_pdf(&plan, &PRINTED, Paper::Letter).unwrap()).unwrap().matches("word").count()
}

mod by_command {
    //! `lifeboat plan --print`.

    use crate::cli::{lifeboat, say};

    #[test]
    fn a_sheet_goes_to_a_file_or_to_stdout() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("sheet.pdf");
        let path = file.to_str().unwrap();
        let args =
            ["plan", "prod-chat", "--print", "pdf", "--strategy", "hot/cold", "--paper", "letter", "--out", path];
        let said = say(home.path(), &args);
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
        assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF-"));
        let said = say(home.path(), &["plan", "prod-chat", "--print", "html"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        assert!(said.out.starts_with("<!DOCTYPE html>") && said.out.ends_with("</html>"));
        let out = lifeboat(home.path()).args(["plan", "prod-chat", "--print", "pdf"]).output().unwrap();
        assert!(out.status.success() && out.stdout.starts_with(b"%PDF-"));
    }

    #[test]
    fn wrong_wishes_are_refused_in_words() {
        let home = tempfile::tempdir().unwrap();
        let nowhere = home.path().join("no/such/folder/sheet.pdf");
        let nowhere = nowhere.to_str().unwrap();
        for (args, code, word) in [
            (&["plan", "prod-chat", "--print", "pdf", "--paper", "a3"][..], 2, "a4 and letter"),
            (&["plan", "prod-chat", "--out", "x.pdf"], 2, "--print"),
            (&["plan", "no-such-plan", "--print", "html"], 2, "no-such-plan"),
            (&["plan", "prod-chat", "--print", "html", "--out", nowhere], 3, "cannot write"),
        ] {
            let said = say(home.path(), args);
            assert_eq!((said.code, said.out.as_str()), (code, ""), "{args:?}: {}", said.err);
            assert!(said.err.contains(word), "{args:?}: {}", said.err);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_terminal_is_not_flooded_with_a_pdf() {
        let home = tempfile::tempdir().unwrap();
        let program = env!("CARGO_BIN_EXE_lifeboat");
        // `script` gives the program a terminal to write to.
        let command = format!("'{program}' --home '{}' plan prod-chat --print pdf", home.path().display());
        let Ok(out) = std::process::Command::new("script").args(["-qec", &command, "/dev/null"]).output() else {
            return crate::left_out("the terminal of `script`");
        };
        let said = String::from_utf8_lossy(&out.stdout);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("--out FILE") && !said.contains("%PDF"), "{said}");
    }
}
