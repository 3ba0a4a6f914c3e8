//! The library and what opens from it: filters, a runbook's page and text, the plan editor, the page on the language.
//! Samples are what the desk draws of real texts.

use lifeboat::catalog::Catalog;
use lifeboat::desk::protocol::{Draft, DraftIntent};
use lifeboat::desk::snapshot::{DraftView, Library, PlaceRow, RunbookPreview};
use lifeboat::desk::view;
use lifeboat::runbook::model::System;
use lifeboat::runbook::{Part, Source, load};

use super::*;

const BOOK: &str = "built-in/runbooks/azure-openai.ron";
const PLAN: &str = include_str!("../../../assets/plans/prod-chat.ron");

fn source() -> Source {
    let catalog = Catalog::builtin();
    catalog.source(catalog.runbook_file("azure-openai").unwrap())
}

fn book() -> RunbookPreview {
    view::book::preview(&source(), None)
}

/// The same with a mistake in its own text, and one in a part.
fn broken() -> RunbookPreview {
    let mut s = source();
    s.text = s.text.replacen("gate: \"D8\"", "gate: \"D88\"", 1);
    for Part { text, .. } in &mut s.parts {
        *text = text.as_ref().map(|t| t.replacen("phase: Decide", "phase: Decde", 1)).map_err(Clone::clone);
    }
    view::book::preview(&s, None)
}

fn draft(change: impl FnOnce(&mut Draft)) -> DraftView {
    let (source, mut draft) = (source(), Draft::read(PLAN).unwrap());
    let runbook = load(&source).0.unwrap();
    change(&mut draft);
    let mut view = view::draft::view(1, &draft, (&runbook, &source), None);
    view.path = "/home/dana/plans/prod-chat.ron".into();
    view.inventory = "Nothing is known of your resources yet.".into();
    view
}

fn window(change: impl FnOnce(&mut Library)) -> Window {
    let mut snap = sample::on_call();
    let library = Arc::make_mut(&mut snap.library);
    library.diagnostics.clear();
    change(library);
    // As tall as the longest page: what is pressed here lies on the screen.
    let mut w = Window::sized(snap, [1280.0, 2_600.0]);
    w.harness.state_mut().show(Screen::Runbooks);
    w.harness.run();
    w
}

fn with_book(book: RunbookPreview) -> Window {
    window(|l| l.book = Some(Arc::new(book)))
}

fn with_draft(draft: DraftView) -> Window {
    window(|l| l.draft = Some(Arc::new(draft)))
}

/// The row of the list that begins so.
fn row<'w>(w: &'w Window, title: &str) -> Option<egui_kittest::Node<'w>> {
    let begins = format!("{title}. ");
    w.harness
        .query_all_by_role(Role::ListBoxOption)
        .find(|n| n.accesskit_node().label().is_some_and(|l| l.starts_with(&begins)))
}

const PLANS: [&str; 2] = ["Production chat", "Production search"];
const BOOKS: [&str; 3] =
    ["Azure OpenAI: retry, then redirect", "Azure Machine Learning: two workspaces", "Storage account: failover"];

fn listed(w: &Window) -> Vec<&'static str> {
    PLANS.into_iter().chain(BOOKS).filter(|t| row(w, t).is_some()).collect()
}

fn choose(w: &mut Window, field: &str, value: &str) {
    w.harness.get_by_role_and_label(Role::ComboBox, field).click();
    w.harness.run();
    // A long list scrolls; what is chosen need not be in sight.
    w.harness.get_by_role_and_label(Role::Button, value).scroll_to_me();
    w.harness.run();
    w.harness.get_by_role_and_label(Role::Button, value).click();
    w.harness.run();
}

fn type_into(w: &mut Window, field: &str, text: &str) {
    w.harness.get_by_role_and_label(Role::TextInput, field).focus();
    w.harness.run();
    w.ctrl(Key::A);
    w.type_text(text);
}

/// The draft that the desk was told last.
fn changed(w: &Window) -> Draft {
    let told = w.told();
    match told.last() {
        Some(Command::Draft(DraftIntent::Change(d))) => (**d).clone(),
        _ => panic!("{told:?}"),
    }
}

#[test]
fn search_and_filters_narrow_both_lists() {
    let mut w = window(|_| ());
    assert_eq!(listed(&w).len(), 5);
    type_into(&mut w, "Search", "CHAT production");
    assert_eq!(listed(&w), ["Production chat"]);
    assert!(w.sees("None fits."), "no runbook does");
    type_into(&mut w, "Search", "azure");
    assert_eq!(listed(&w), [PLANS[0], PLANS[1], BOOKS[0], BOOKS[1]]);
    type_into(&mut w, "Search", " ");
    choose(&mut w, "System", System::AzureML.display());
    assert_eq!(listed(&w), [BOOKS[1]]);
    choose(&mut w, "System", "All");
    choose(&mut w, "Strategy", Strategy::HotHot.display());
    assert_eq!(listed(&w), ["Production search", BOOKS[0], BOOKS[1], BOOKS[2]]);
    choose(&mut w, "Strategy", Strategy::Priority.display());
    assert_eq!(listed(&w), [""; 0]);
    assert_eq!(w.told(), [], "looking for something says nothing to the desk");
}

#[test]
fn a_row_opens_its_page() {
    let mut w = window(|_| ());
    row(&w, BOOKS[0]).unwrap().click();
    w.harness.run();
    assert_eq!(w.told(), [Command::PreviewRunbook { file: "azure-openai".into(), strategy: None }]);
    row(&w, PLANS[1]).unwrap().click();
    w.harness.run();
    assert_eq!(w.told(), [Command::PreviewPlan { plan: "prod-search".into(), strategy: None }]);
}

#[test]
fn a_runbooks_page_asks_for_another_strategy_and_begins_a_plan() {
    let shown = book();
    let mut w = with_book(shown.clone());
    assert!(w.sees(&shown.title) && w.sees(&shown.totals));
    let first = &shown.phases[0].steps[0];
    assert!(w.sees(&first.sentence), "{}", first.sentence);
    w.click("hot/cold");
    let cold = Command::PreviewRunbook { file: BOOK.into(), strategy: Some(Strategy::HotCold) };
    assert_eq!(w.told(), [cold]);
    w.click("Make a plan…");
    assert_eq!(w.told(), [Command::Draft(DraftIntent::New(BOOK.into()))]);
}

#[test]
fn the_text_has_its_line_numbers_and_each_finding_below_its_line() {
    let mut w = with_book(book());
    w.click("Text");
    let text = &book().texts[0];
    assert!(w.harness.query_all_by_label_contains(&text.lines[0].text).next().is_some());
    assert!(w.harness.get_all_by_label("  1").next().is_some(), "numbers have one width");
    w.click("Steps");
    assert!(w.sees(&book().totals));

    // A broken one has nothing but its text, and no plan can be made of it.
    let wrong = broken();
    let mut w = with_book(wrong.clone());
    let at = wrong.texts[0].marked[0];
    let label = format!("Line {}", at + 1);
    w.click(&label);
    let said = &wrong.texts[0].lines[at].findings[0];
    // Code in it is set as code, without the marks of it.
    let words = |message: &str| message.replace('`', "");
    let finding = w.harness.get_by_label(&words(&said.message)).rect();
    let line = w.harness.query_all_by_label_contains(wrong.texts[0].lines[at].text.trim()).next().unwrap().rect();
    assert!(finding.min.y >= line.max.y - 1.0 && finding.min.y < line.max.y + 30.0, "{finding:?} below {line:?}");
    w.click("Make a plan…");
    assert_eq!(w.told(), [], "it has errors");
    // The part, too.
    let (n, part) = wrong.texts.iter().enumerate().skip(1).find(|(_, t)| !t.marked.is_empty()).unwrap();
    let name = part.file.rsplit('/').next().unwrap();
    w.click(&format!("{name} · {}", part.marked.len()));
    w.click(&format!("Line {}", part.marked[0] + 1));
    let said = &wrong.texts[n].lines[part.marked[0]].findings[0];
    assert!(w.sees(&words(&said.message)), "{}", said.message);
}

#[test]
fn fields_of_a_plan_tell_the_desk_what_was_typed() {
    let mut w = with_draft(draft(|_| ()));
    type_into(&mut w, "Title", "Chat of ours");
    assert_eq!(changed(&w), Draft { title: "Chat of ours".into(), ..draft(|_| ()).draft });
    let about = draft(|_| ()).fields.iter().find(|f| f.name == "critical").unwrap().about.clone();
    type_into(&mut w, &about, "chat, {mini}");
    let told = changed(&w);
    assert_eq!((told.values["critical"].as_str(), told.title.as_str()), ("chat, {mini}", "Chat of ours"));
    // The desk's answer is older than what is typed meanwhile, and takes nothing back.
    w.publish(|s| {
        let old = draft(|d| d.title = "Cha".into());
        Arc::make_mut(&mut s.library).draft = Some(Arc::new(old));
    });
    assert!(w.told().is_empty());
    w.type_text("!");
    let told = changed(&w);
    assert_eq!((told.values["critical"].as_str(), told.title.as_str()), ("chat, {mini}!", "Chat of ours"));
}

#[test]
fn what_is_wrong_stands_at_its_field_and_what_nobody_knows_can_be_taken_out() {
    let d = draft(|d| {
        d.values.insert("primary".into(), "eastu".into());
        d.values.insert("criticle".into(), "chat".into());
        d.values.remove("critical");
    });
    let mut w = with_draft(d.clone());
    assert!(w.sees("3 things are still wrong or missing."));
    let finding = &d.fields[0].findings[0];
    let (field, said) = (
        w.harness.get_by_role_and_label(Role::TextInput, &d.fields[0].about).rect(),
        w.harness.get_by_label(finding).rect(),
    );
    assert!(said.min.y > field.max.y - 1.0 && said.min.y < field.max.y + 90.0, "{said:?} below {field:?}");
    assert!(w.sees("Has no value yet"));
    // What may be chosen is one press.
    w.click("East US");
    assert_eq!(changed(&w).values["primary"], "eastus");
    w.click("Take out criticle");
    assert!(!changed(&w).values.contains_key("criticle"));
}

#[test]
fn strategies_of_a_plan_say_what_they_change_and_are_chosen_by_one_press() {
    let d = draft(|_| ());
    let mut w = with_draft(d.clone());
    let (_, change) = d.components[0].choices.iter().find(|(s, _)| *s == Strategy::HotCold).unwrap();
    assert!(w.sees(&format!("hot/cold: {change}")), "{change}");
    w.harness.get_by_label(&format!("{}: hot/cold", d.components[0].name)).click();
    w.harness.run();
    let told = changed(&w);
    assert_eq!((told.strategy, told.components["deployments"]), (Some(Strategy::HotWarm), Strategy::HotCold));
    w.harness.get_all_by_label("hot/hot").next().unwrap().click();
    w.harness.run();
    let told = changed(&w);
    assert_eq!((told.strategy, told.components["deployments"]), (Some(Strategy::HotHot), Strategy::HotHot));
}

#[test]
fn a_plan_is_saved_where_it_is_said_and_left_without_saving() {
    let mut w = with_draft(draft(|_| ()));
    w.click("Read my resources");
    assert_eq!(w.told(), [Command::ReadInventory]);
    w.click("Save the plan");
    let saved = |path: &str| Command::Draft(DraftIntent::Save(path.into()));
    assert_eq!(w.told(), [saved("/home/dana/plans/prod-chat.ron")]);
    type_into(&mut w, "Where the plan is saved", " /tmp/other.ron ");
    w.click("Save the plan");
    assert_eq!(w.told(), [saved("/tmp/other.ron")]);
    // It was refused: what was typed is still there.
    type_into(&mut w, "Title", "Kept");
    assert_eq!(changed(&w).title, "Kept");
    w.click("Leave without saving");
    assert_eq!(w.told(), [Command::Draft(DraftIntent::Discard)]);
    let mut w = with_draft(draft(|d| drop(d.values.remove("critical"))));
    assert_eq!(w.told(), [], "looking at it changes nothing");
    w.click("Save as it is");
    assert_eq!(w.told(), [saved("/home/dana/plans/prod-chat.ron")]);
}

#[test]
fn the_page_on_the_language_opens_from_the_list_with_its_example() {
    let mut w = window(|_| ());
    w.click("How to write a runbook");
    assert!(w.sees("Writing a runbook") && w.sees("Copy the example"));
    assert!(w.sees("    id: \"web-shop\","), "line by line");
    assert!(w.harness.query_all_by_label_contains("There is no shell step").next().is_some());
    w.click("Back to the library");
    assert!(!w.sees("Writing a runbook"));
}

#[test]
fn places_are_opened_and_taken_off() {
    let mut w = window(|l| {
        l.places = vec![PlaceRow { path: "/home/dana/runbooks".into(), note: "2 runbooks".into(), failed: false }];
    });
    assert!(w.sees("2 runbooks"));
    w.click("Remove");
    assert_eq!(w.told(), [Command::ForgetPath("/home/dana/runbooks".into())]);
    type_into(&mut w, "Path of a file or folder", "/home/dana/new.ron");
    w.key(Key::Enter);
    assert_eq!(w.told(), [Command::OpenPath("/home/dana/new.ron".into())]);
}

/// Every page of the screen.
pub fn pages() -> Vec<(&'static str, Window)> {
    let mut language = window(|_| ());
    language.click("How to write a runbook");
    let mut text = with_book(book());
    text.click("Text");
    let missing = draft(|d| {
        d.values.insert("criticle".into(), "x".into());
        d.values.insert("primary".into(), "eastu".into());
    });
    vec![
        ("plan", window(|_| ())),
        ("runbook", with_book(book())),
        ("text", text),
        ("broken", with_book(broken())),
        ("editor", with_draft(missing)),
        ("language", language),
    ]
}

#[test]
fn every_control_of_the_screen_has_a_name() {
    for (page, w) in pages() {
        let mut seen = 0;
        for n in w.harness.root().children_recursive() {
            let node = n.accesskit_node();
            let control = matches!(
                node.role(),
                Role::Button | Role::RadioButton | Role::ComboBox | Role::TextInput | Role::ListBoxOption | Role::Link
            );
            if control {
                let named = node.label().is_some_and(|l| !l.trim().is_empty()) || node.labelled_by().next().is_some();
                assert!(named, "{page}: a {:?} at {:?} has no name", node.role(), n.rect());
                seen += 1;
            }
        }
        assert!(seen > 10, "{page}: {seen}");
    }
}

#[test]
fn the_keyboard_alone_reaches_everything() {
    let wanted: [(&str, &[&str]); 4] = [
        ("plan", &["Search", "System", "Strategy", "Open", "Start a dry run", "Edit…", "How to write a runbook"]),
        ("runbook", &["hot/cold", "Text", "Make a plan…"]),
        ("editor", &["Title", "Read my resources", "Take out criticle", "Save as it is", "Leave without saving"]),
        ("language", &["Back to the library", "Copy the example"]),
    ];
    for (page, mut w) in pages() {
        let Some((_, wanted)) = wanted.iter().find(|(p, _)| *p == page) else { continue };
        let mut seen = Vec::new();
        for _ in 0..90 {
            w.key(Key::Tab);
            let focused = w.harness.root().children_recursive().find(|n| n.is_focused());
            let label = focused.and_then(|n| {
                let node = n.accesskit_node();
                node.label().or_else(|| node.labelled_by().next().and_then(|l| l.label().or_else(|| l.value())))
            });
            seen.extend(label);
        }
        for want in *wanted {
            assert!(seen.iter().any(|s| s.starts_with(want)), "{page}: Tab never reaches `{want}`: {seen:?}");
        }
    }
}
