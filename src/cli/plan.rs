//! `lifeboat plan`: a plan with every value resolved, on the screen or as a sheet to print.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, read_path};
use crate::desk::chain;
use crate::export::{Paper, Printed, sheet_html, sheet_pdf};
use crate::plan::model::Plan;
use crate::runbook::model::{Phase, Strategy};
use crate::units::visible;

use super::{FAILED, FINE, Sheet, USAGE};

/// What is to be printed, and where it goes.
#[derive(Debug, Clone)]
pub struct Print {
    /// Form.
    pub sheet: Sheet,
    /// Size of the PDF's pages; a browser asks for its own.
    pub paper: Paper,
    /// File; none is stdout.
    pub out: Option<PathBuf>,
}

/// Makes a plan's sheet.
pub fn sheet(name: &str, strategy: Option<Strategy>, print: &Print) -> u8 {
    if matches!(print.sheet, Sheet::Pdf) && print.out.is_none() && std::io::stdout().is_terminal() {
        eprintln!("lifeboat: a PDF is nothing for a terminal; name a file with --out FILE, or redirect the output");
        return USAGE;
    }
    let plan = match find(name, strategy) {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("lifeboat: {why}");
            return USAGE;
        }
    };
    let printed = Printed { at: jiff::Timestamp::now().as_millisecond() };
    let bytes = match print.sheet {
        Sheet::Html => Ok(sheet_html(&plan, &printed).into_bytes()),
        Sheet::Pdf => sheet_pdf(&plan, &printed, print.paper),
    };
    let written = bytes.map_err(|e| chain(&e)).and_then(|bytes| match &print.out {
        Some(file) => std::fs::write(file, bytes)
            .map_err(|e| format!("cannot write {}: {e}; check the folder and its permissions", file.display())),
        None => std::io::stdout().lock().write_all(&bytes).map_err(|e| format!("cannot write the sheet: {e}")),
    });
    match written {
        Ok(()) => FINE,
        Err(why) => {
            eprintln!("lifeboat: {why}");
            FAILED
        }
    }
}

/// Prints a plan.
pub fn run(name: &str, strategy: Option<Strategy>) -> u8 {
    match find(name, strategy) {
        Ok(plan) => {
            print(&plan);
            FINE
        }
        Err(why) => {
            eprintln!("lifeboat: {why}");
            USAGE
        }
    }
}

/// A plan by id, or from its file.
pub fn find(name: &str, strategy: Option<Strategy>) -> Result<Plan, String> {
    let path = Path::new(name);
    let mut catalog = Catalog::builtin();
    if !path.is_file() {
        return catalog.plan(name, strategy).map_err(|e| e.to_string());
    }
    catalog = catalog.with(read_path(path).map_err(|e| e.to_string())?);
    let file = catalog.plans().find(|f| f.path.as_deref() == Some(path)).cloned();
    let file = file.ok_or_else(|| format!("{name} holds no plan; `lifeboat check {name}` says what it is"))?;
    let (plan, found) = catalog.bind(&file, strategy);
    plan.ok_or_else(|| {
        let first = found.iter().find(|d| d.is_error()).map_or("it cannot be bound", |d| d.message.as_str());
        format!("{first}; `lifeboat check {name}` shows everything")
    })
}

fn print(plan: &Plan) {
    println!("{} — {} ({})", plan.title, plan.runbook_title, plan.strategy.display());
    for label in &plan.labels {
        println!("  {}", visible(label));
    }
    println!("RTO {} · RPO {} · digest {}", plan.rto, plan.rpo, &plan.digest[..16.min(plan.digest.len())]);
    for (name, value) in &plan.values {
        println!("  {name} = {}", visible(value));
    }
    for phase in Phase::ALL {
        if plan.phase(phase).next().is_none() {
            continue;
        }
        println!("\n{}", phase.display());
        for s in plan.phase(phase) {
            let two = if s.second_person.is_some() { " · second person" } else { "" };
            let lose = s.may_lose.as_ref().map_or(String::new(), |l| format!(" · may lose: {l}"));
            println!("  {:<14} {} (about {}){two}{}", s.id, visible(&s.title), s.expect, visible(&lose));
            for line in &s.by_hand {
                println!("                 $ {}", visible(line));
            }
        }
    }
}
