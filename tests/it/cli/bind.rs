//! Plan files made in the terminal: by flags through the program, and by questions and answers.

use std::collections::BTreeSet;
use std::path::Path;

use lifeboat::catalog::Catalog;
use lifeboat::cli::ask::{Ask, Field, Form};
use lifeboat::plan::draft::Draft;
use lifeboat::plan::inventory::{Found, Inventory};
use lifeboat::runbook::model::{Runbook, Strategy};
use lifeboat::runbook::{Source, load};
use lifeboat::units::Region;

use super::runs::Azure;
use super::{Said, say};

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups";

fn account(name: &str, region: &str) -> String {
    format!("{SUBSCRIPTION}/rg-sandbox-{region}/providers/Microsoft.CognitiveServices/accounts/{name}-{region}")
}

fn store() -> String {
    format!("{SUBSCRIPTION}/rg-sandbox-shared/providers/Microsoft.AppConfiguration/configurationStores/appcs-sandbox")
}

/// Every value of the sandbox, with the second account's name as given.
fn values(second: &str) -> Vec<String> {
    [
        ("primary", "East US".to_owned()),
        ("secondary", "westeurope".to_owned()),
        ("primary_resource", account("oai-sandbox", "eastus")),
        ("secondary_resource", account(second, "westeurope")),
        ("store", store()),
        ("critical", "chat, embed".to_owned()),
        ("baseline_p95", "400ms".to_owned()),
    ]
    .into_iter()
    .flat_map(|(n, v)| ["--set".to_owned(), format!("{n}={v}")])
    .collect()
}

fn new(home: &Path, out: &Path, rest: &[&str], values: &[String]) -> Said {
    let out = out.to_str().unwrap();
    let mut args = vec!["plan", "azure-openai", "--new", "--out", out];
    args.extend(rest);
    args.extend(values.iter().map(String::as_str));
    say(home, &args)
}

#[test]
fn flags_alone_make_a_plan_that_passes_and_is_changed_again() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("out folder/mine.ron");
    let flags =
        ["--environment", "it's ours", "--id", "mine", "--strategy", "hot/cold", "--component", "deployments=hot-warm"];
    let said = new(home.path(), &file, &flags, &values("oai-sandbox"));
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    let path = file.to_str().unwrap();
    let checked = say(home.path(), &["check", path]);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{}", checked.out);
    let shown = say(home.path(), &["plan", path, "--json"]).json();
    let digest = shown["digest"].as_str().unwrap();
    assert_eq!((&shown["plan"], &shown["strategy"]), (&"mine".into(), &"hot/cold".into()));
    assert_eq!(shown["environment"], "it's ours");
    for part in [
        "mine.ron: written\nmine: ",
        &format!(" {} steps\nRTO 2 h ", shown["steps"]),
        &format!("SHA-256 {digest} · restricted"),
        "Never rehearsed",
        &format!("lifeboat run '{path}' --dry-run --trust {digest}"),
        &format!("rehearse it   lifeboat run '{path}' --cloud FILE"),
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"deployments\": HotWarm") && text.contains("\"critical\": \"chat, embed\""), "{text}");

    // It is not overwritten, and then it is, and nothing else changes than what is said.
    let again = ["plan", path, "--set", "baseline_p95=300ms", "--out", path];
    let refused = say(home.path(), &again);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("is there already") && refused.err.contains("--force"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let forced = say(home.path(), &[&again[..], &["--force"]].concat());
    assert_eq!((forced.code, forced.err.as_str()), (0, ""), "{}", forced.out);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text.replace("400ms", "300ms"));
    let beside: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is left beside it");
    let folder = home.path().join("out folder");
    let said = say(home.path(), &["plan", path, "--out", folder.to_str().unwrap()]);
    assert!(said.code == 2 && said.err.contains("is a folder"), "{}", said.err);
    let other = folder.join("notes.ron");
    std::fs::write(&other, "// Nobody's plan.").unwrap();
    let said = say(home.path(), &["plan", path, "--force", "--out", other.to_str().unwrap()]);
    assert!(said.code == 2 && said.err.contains("is no plan, and was left"), "{}", said.err);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "// Nobody's plan.");
}

#[test]
fn everything_missing_or_wrong_is_said_at_once_and_nothing_is_written() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.ron");
    let said = new(home.path(), &file, &[], &[]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("these 8 things are missing or wrong"), "{}", said.err);
    for part in [
        "`environment` says nothing\n      give --environment …",
        "`store` has no value: App Configuration store",
        "give --set store=… (Microsoft.AppConfiguration/configurationStores)",
        "give --set baseline_p95=… (duration, such as 15m)",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }

    let flags = [
        "--environment",
        "e",
        "--id",
        "Not An Id",
        "--component",
        "deploymints=hot/hot",
        "--set",
        "primery=eastus",
        "--set",
        "baseline_p95=soon",
        "--set",
        "secondary=eest us",
    ];
    let said = new(home.path(), &file, &flags, &values("oai-sandbox")[..2]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    for part in [
        "lower-case words",
        "no component `deploymints`; did you mean `deployments`?",
        "no parameter `primery`; did you mean `primary`?",
        "`baseline_p95`: ",
        "`eest us` is no Azure region; did you mean",
        "`critical` has no value",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    let said = new(home.path(), &file, &["--environment", "e", "--strategy", "priority"], &values("oai-sandbox"));
    assert!(said.code == 2 && said.err.contains("has no Priority; it has HotHot"), "{}", said.err);
    assert!(!file.exists(), "nothing was written");
}

#[test]
fn wrong_words_are_usage() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("mine.ron");
    let (out, bad) = (out.to_str().unwrap(), home.path().join("bad.ron"));
    std::fs::write(&bad, "Plan(schema: 1, id: \"bad\", runbook: \"azure-openai\", values: { \"primary\": 5 })")
        .unwrap();
    let bad = bad.to_str().unwrap();
    for (args, words) in [
        (&["plan", "azure-openai", "--new"][..], "--out"),
        (&["plan", "prod-chat", "--set", "a=b"], "--out"),
        (&["plan", "azure-openai", "--new", "--out", out, "--set", "primary"], "NAME=VALUE"),
        (&["plan", "azure-openai", "--new", "--out", out, "--set", "primary="], "NAME=VALUE"),
        (&["plan", "azure-openai", "--new", "--out", out, "--component", "deployments=x"], "not a strategy"),
        (&["plan", "azure-openai", "--new", "--out", out, "--json"], "--json"),
        (&["plan", "prod-chat", "--print", "html", "--out", out, "--set", "a=b"], "--print"),
        (&["plan", "azure-opnai", "--new", "--out", out], "known are azure-openai"),
        (&["plan", "prod-chat", "--new", "--out", out], "leave out --new"),
        (&["plan", "azure-openai", "--out", out], "there is no plan `azure-openai`"),
        (&["plan", "runbooks/azure-openai.ron", "--out", out], "add --new"),
        (&["plan", "assets/plans/sandbox.ron", "--new", "--out", out], "holds no runbook"),
        (&["plan", bad, "--out", out], "bad.ron:1:"),
    ] {
        let said = say(home.path(), args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}: {}", said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
    assert!(!Path::new(out).exists());
}

#[test]
fn a_plan_is_written_only_where_its_runbook_is_found() {
    let home = tempfile::tempdir().unwrap();
    let (books, elsewhere) = (home.path().join("books"), home.path().join("elsewhere"));
    std::fs::create_dir(&books).unwrap();
    let text = blocks()[0].replacen("\"web-shop\"", "\"ours\"", 1);
    std::fs::write(books.join("ours.ron"), &text).unwrap();
    let book = books.join("ours.ron");
    let sandbox = ["plan", book.to_str().unwrap(), "--new", "--environment", "e", "--out"];
    let out = elsewhere.join("p.ron");
    let said = say(home.path(), &[&sandbox[..], &[out.to_str().unwrap()]].concat());
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("would not find the runbook `ours`; write it beside "), "{}", said.err);
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("ours.ron"), text + "\n").unwrap();
    let said = say(home.path(), &[&sandbox[..], &[out.to_str().unwrap()]].concat());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("another runbook `ours`"), "{}", said.err);
    assert!(!out.exists());
}

#[test]
fn what_there_is_judges_the_values() {
    let home = tempfile::tempdir().unwrap();
    let (_azure, cloud) = Azure::serve(home.path(), "sandbox");
    let cloud = cloud.to_str().unwrap();
    let flags = ["--environment", "sandbox", "--cloud", cloud];
    let file = home.path().join("good.ron");
    let said = new(home.path(), &file, &flags, &values("oai-sandbox"));
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);

    let file = home.path().join("strange.ron");
    let mut wrong = values("oai-sandbox");
    wrong[9] = wrong[9].replace("appcs-sandbox", "appcs-sandbix");
    let said = new(home.path(), &file, &flags, &wrong);
    assert_eq!(said.code, 1, "a finding: {}", said.err);
    assert!(file.is_file() && said.out.contains("strange.ron: written"), "{}", said.out);
    assert!(said.err.contains("error PL011 at `store`: there is no `appcs-sandbix`"), "{}", said.err);
    assert!(said.err.contains(&format!("--set store={}", store())), "{}", said.err);
    assert!(said.err.contains(" resources and groups, read "), "{}", said.err);

    // The same from what was kept of the last reading; another subscription is a note.
    let kept = Inventory { at: 0, resources: vec![found("oai-sandbox-eastus", "eastus")] };
    std::fs::write(home.path().join("inventory.json"), serde_json::to_vec(&kept).unwrap()).unwrap();
    let file = home.path().join("kept.ron");
    let said = new(home.path(), &file, &["--environment", "e"], &wrong);
    assert!(said.code == 1 && said.err.contains("PL011 at `store`"), "{}", said.err);
    let other: Vec<String> = values("oai-sandbox").iter().map(|v| v.replace("c0de", "beef")).collect();
    let said = new(home.path(), &file, &["--environment", "e", "--force"], &other);
    assert!(said.code == 0 && said.err.contains("note PL016"), "{}", said.err);

    // An Azure that does not answer is no reason to write something unseen.
    let none = new(home.path(), &home.path().join("none.ron"), &["--cloud", "/no/such/file"], &wrong);
    assert_eq!((none.code, none.out.as_str()), (3, ""), "{}", none.err);
    assert!(!home.path().join("none.ron").exists());
}

fn found(name: &str, region: &str) -> Found {
    let id = format!("{SUBSCRIPTION}/rg-sandbox-{region}/providers/Microsoft.CognitiveServices/accounts/{name}");
    Found {
        id,
        resource_type: "Microsoft.CognitiveServices/accounts".to_owned(),
        name: name.to_owned(),
        region: Region::new(region),
        kind: Some("OpenAI".to_owned()),
        sku: Some("S0".to_owned()),
    }
}

/// A person with a form: what is typed goes in, what is shown comes out.
struct Desk {
    source: Source,
    runbook: Runbook,
    inventory: Inventory,
    settled: BTreeSet<Field>,
    draft: Draft,
}

impl Desk {
    fn new() -> Self {
        let catalog = Catalog::builtin();
        let source = catalog.source(catalog.runbook_file("azure-openai").unwrap());
        let runbook = load(&source).0.unwrap();
        let draft = Draft::of(&runbook);
        let resources = ["eastus", "eastus2", "westeurope"].map(|r| found(&format!("oai-sandbox-{r}"), r)).to_vec();
        Self { source, runbook, inventory: Inventory { at: 0, resources }, settled: BTreeSet::new(), draft }
    }

    fn types(&mut self, all: bool, lines: &[&str]) -> String {
        let form = Form {
            runbook: &self.runbook,
            source: &self.source,
            inventory: &self.inventory,
            settled: &self.settled,
            all,
        };
        let mut out = Vec::new();
        let typed = lines.iter().map(|l| format!("{l}\n")).collect::<String>();
        Ask::new(typed.as_bytes(), &mut out).fill(&form, &mut self.draft);
        String::from_utf8(out).unwrap()
    }

    fn value(&self, name: &str) -> &str {
        &self.draft.values[name]
    }
}

#[test]
fn questions_are_asked_until_the_plan_is_whole() {
    let mut desk = Desk::new();
    let shown = desk.types(
        true,
        &[
            "",           // the id that stands there
            "Our chat",   // title
            "prod",       // environment
            "hot/warm",   // strategy
            "1",          // of the deployments: the first of the list
            "estus",      // no region
            "eastus",     // that was meant
            "eastus",     // the same for the other side
            "west europ", // fits one
            "",           // which Enter takes
            "",           // the account of the region
            "2",          // by its number: that of the other side
            "1",          // then the right one
            "",           // store: left for later
            "a,,b",       // an empty element
            "chat,embed",
            "soon",
            "400ms",
        ],
    );
    assert_eq!((desk.draft.title.as_str(), desk.draft.environment.as_str()), ("Our chat", "prod"));
    assert_eq!((desk.draft.id.as_str(), desk.draft.strategy), ("azure-openai-plan", Some(Strategy::HotWarm)));
    assert_eq!(desk.draft.components["deployments"], Strategy::HotHot, "{shown}");
    assert_eq!((desk.value("primary"), desk.value("secondary")), ("eastus", "westeurope"), "{shown}");
    assert_eq!(desk.value("primary_resource"), desk.inventory.resources[0].id, "{shown}");
    assert_eq!(desk.value("secondary_resource"), desk.inventory.resources[2].id, "{shown}");
    assert_eq!((desk.value("critical"), desk.value("baseline_p95"), desk.value("store")), ("chat,embed", "400ms", ""));
    for part in [
        "Enter takes what stands in [ ]",
        "id [azure-openai-plan]> ",
        "\nenvironment> ",
        "strategy [hot/hot]> ",
        " longer\n",
        "primary: Region that serves users today. Wanted: Azure region\nprimary> ",
        "! `primary`: `estus` is no Azure region; did you mean `eastus`?",
        "   4  eastus  East US, United States\n",
        "! `secondary` and `primary` have the same value",
        "secondary [westeurope]> ",
        "primary_resource [oai-sandbox-eastus]> ",
        "   1  oai-sandbox-westeurope  rg-sandbox-westeurope, West Europe",
        "store> ",
        "Left for later.",
        "an element of the list is empty",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let width = |l: &str| l.rsplit("> ").next().unwrap_or_default().chars().count();
    assert!(shown.lines().all(|l| width(l) <= 80), "{shown}");

    // The next time only what is missing is asked for.
    let shown = desk.types(false, &["?", "nonsense", &store()]);
    assert!(shown.contains("\nstore: ") && !shown.contains("\ncritical"), "{shown}");
    assert!(shown.contains("Nothing is known that could be chosen here") && shown.contains("! `store`"), "{shown}");
    assert_eq!(desk.draft.check(&desk.source), []);
    assert_eq!(desk.types(false, &[]), "", "nothing is left to ask");
}

#[test]
fn what_was_said_already_is_asked_for_only_if_it_is_wrong() {
    let mut desk = Desk::new();
    for (name, value) in [("primary", "eastus"), ("secondary", "wsteurope")] {
        desk.draft.values.insert(name.to_owned(), value.to_owned());
        desk.settled.insert(Field::Value(name.to_owned()));
    }
    desk.settled.extend([Field::Id, Field::Title, Field::Strategy, Field::Component("deployments".to_owned())]);
    let shown = desk.types(true, &["prod", "?", "37", ".", "2"]);
    for asked in ["id> ", "title", "strategy", "deployments", "\nprimary: "] {
        assert!(!shown.contains(asked), "{asked}: {shown}");
    }
    assert!(shown.contains("\nsecondary: ") && shown.contains("  37  "), "? shows every region: {shown}");
    assert_ne!(desk.value("secondary"), "wsteurope", "a number of the longer list counts: {shown}");
    // A full stop takes nothing, not even what is offered; then a number, and the input ends in the middle.
    assert_eq!(desk.value("primary_resource"), "", "{shown}");
    assert!(!desk.value("secondary_resource").is_empty() && desk.value("critical").is_empty(), "{shown}");
    assert!(shown.ends_with("store> \n"), "it ends with the input: {shown}");
}

/// The examples of the page about runbooks.
fn blocks() -> Vec<&'static str> {
    let page = include_str!("../../../runbooks/README.md");
    page.split("```ron\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_example_on_the_page_binds_and_its_command_makes_it() {
    let home = tempfile::tempdir().unwrap();
    let [book, plan] = blocks()[..] else { panic!("a runbook and its plan") };
    let (book_file, plan_file) = (home.path().join("web-shop.ron"), home.path().join("shop-prod.ron"));
    std::fs::write(&book_file, book).unwrap();
    std::fs::write(&plan_file, plan).unwrap();
    let checked = say(home.path(), &["check", book_file.to_str().unwrap(), plan_file.to_str().unwrap()]);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{}", checked.out);

    // The command is the page's, with the files in a folder of this test.
    let page = include_str!("../../../runbooks/README.md");
    let command = page.split("lifeboat plan web-shop.ron --new --id").nth(1).unwrap().split("```").next().unwrap();
    let command = format!("--id{}", command.replace("\\\n", " "));
    let mut words: Vec<String> = Vec::new();
    for (n, part) in command.split('\'').enumerate() {
        if n % 2 == 1 { words.push(part.to_owned()) } else { words.extend(part.split_whitespace().map(str::to_owned)) }
    }
    let made = home.path().join("made.ron");
    *words.iter_mut().find(|w| *w == "shop-prod.ron").unwrap() = made.to_str().unwrap().to_owned();
    let args =
        [&["plan", book_file.to_str().unwrap(), "--new"][..], &words.iter().map(String::as_str).collect::<Vec<_>>()];
    let said = say(home.path(), &args.concat());
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert_eq!(Draft::read(&std::fs::read_to_string(&made).unwrap()), Draft::read(plan));
}
