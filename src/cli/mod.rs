//! The terminal: the command line contract, one file a command. Results go to stdout, words for people to stderr.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};

use crate::azure::Cloud;
use crate::clock::Speed;
use crate::desk::{self, Handle, Home, Options, ScriptSource, chain};
use crate::export::Paper;
use crate::journal::RealDisk;
use crate::runbook::model::Strategy;

#[macro_use]
pub mod say;

pub mod approve;
pub mod ask;
pub mod bind;
pub mod check;
pub mod checks;
pub mod completions;
pub mod credentials;
pub mod export;
pub mod guide;
pub mod handover;
pub mod health;
pub mod open;
pub mod packaging;
pub mod plan;
pub mod reconcile;
pub mod recoverable;
pub mod rehearse;
pub mod run;
pub mod runs;
pub mod sheet;
pub mod sign_in;
pub mod simulate;
pub mod trust;
pub mod verify;

/// Fine.
pub const FINE: u8 = 0;
/// A finding, or a partial result.
pub const FINDING: u8 = 1;
/// Bad input or usage.
pub const USAGE: u8 = 2;
/// It could not be done.
pub const FAILED: u8 = 3;

/// Guided disaster recovery for Azure AI workloads. Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(name = "lifeboat", version = env!("LIFEBOAT_VERSION"), about, long_about = None, disable_help_subcommand = true,
    after_help = "Exit codes: 0 fine; 1 a finding or a partial result; 2 bad input or usage; 3 could not do it.\n\
                  Start here: lifeboat rehearse region-loss")]
pub struct Args {
    /// Folder for runs, plans and settings (default: the platform's data folder)
    #[arg(long, global = true, env = "LIFEBOAT_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Keep runs in a folder that another computer has or a program copies elsewhere, for this reason; it is recorded
    #[arg(long, global = true, env = "LIFEBOAT_UNSAFE_HOME", value_name = "REASON")]
    pub unsafe_home: Option<String>,
    /// The JSON line that `lifeboat simulate` printed: use that simulated Azure instead of the real one
    #[arg(long, global = true, value_name = "FILE")]
    pub cloud: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: Option<Cmd>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Cmd {
    /// Check runbooks, plans and scenarios: everything that is wrong, with file, line and column
    Check {
        /// Files or folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a plan with every value resolved, or with --out make a plan file
    Plan {
        /// Plan id, or a plan file; with --new a runbook's
        plan: String,
        /// Strategy, instead of the plan's own
        #[arg(long)]
        strategy: Option<Strategy>,
        /// Print what the plan is and where it stands as JSON, without its steps; with --drift or --rights those
        #[arg(long, conflicts_with_all = ["print", "out"])]
        json: bool,
        /// Read both sides from Azure and say how they differ; 1 when a difference matters or something is not known
        #[arg(long, conflicts_with_all = ["print", "out"])]
        drift: bool,
        /// Ask Azure which rights the plan's steps have; 1 when one is missing or not known
        #[arg(long, conflicts_with_all = ["print", "out"])]
        rights: bool,
        /// Print as a sheet, for when the laptop dies
        #[arg(long, value_enum)]
        print: Option<Sheet>,
        /// File for the sheet (default: stdout); without --print, for the plan with what is said below
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Paper of the PDF: a4 or letter (HTML fits any; the browser asks)
        #[arg(long, value_name = "PAPER", default_value = "a4", requires = "print")]
        paper: Paper,
        /// What a plan file says
        #[command(flatten)]
        says: bind::Says,
    },
    /// Run a plan, guided, in the terminal
    Run {
        /// Plan id, or a plan file
        #[arg(required_unless_present = "resume")]
        plan: Option<String>,
        /// Strategy, instead of the plan's own
        #[arg(long, conflicts_with = "resume")]
        strategy: Option<Strategy>,
        /// You have read the plan's files, and trust exactly those with this SHA-256 (`lifeboat plan` prints it)
        #[arg(long, value_name = "SHA256")]
        trust: Option<String>,
        /// Read only; send nothing that changes Azure
        #[arg(long)]
        dry_run: bool,
        /// Continue this open run instead of starting one
        #[arg(long, value_name = "RUN", conflicts_with_all = ["plan", "dry_run"])]
        resume: Option<String>,
    },
    /// Rehearse a scenario on the embedded simulated Azure, or around a table
    Rehearse {
        /// Scenario id (see --list)
        #[arg(required_unless_present_any = ["list", "resume"])]
        scenario: Option<String>,
        /// List the scenarios
        #[arg(long)]
        list: bool,
        /// Strategy, one of the scenario's
        #[arg(long)]
        strategy: Option<Strategy>,
        /// Let the scenario's expected answers run it to the end
        #[arg(long)]
        scripted: bool,
        /// Answers to use instead of the scenario's (RON, a list of Answer)
        #[arg(long, value_name = "FILE", requires = "scripted")]
        answers: Option<PathBuf>,
        /// One of the scenario's wrong ways; 0 when its mistakes are scored
        #[arg(long, value_name = "ID", requires = "scripted", conflicts_with_all = ["answers", "resume"])]
        wrong: Option<String>,
        /// Without any Azure: people answer for the systems
        #[arg(long, conflicts_with = "resume")]
        tabletop: bool,
        /// Scenario seconds a real second, or `max` (default: 1, scripted: max)
        #[arg(long)]
        speed: Option<Speed>,
        /// Seed of the world's small variations
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Continue this open rehearsal instead of starting one
        #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "list"])]
        resume: Option<String>,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Serve a simulated Azure until interrupted; prints one JSON line to connect with
    Simulate {
        /// Scenario id, or `sandbox`
        scenario: String,
        /// Address to listen on (default: loopback); each simulated host gets a port of its own
        #[arg(long, value_name = "ADDR", value_parser = listen_on)]
        listen: Option<IpAddr>,
        /// Serve https with a certificate of its own
        #[arg(long)]
        https: bool,
        /// Scenario seconds a real second
        #[arg(long)]
        speed: Option<Speed>,
        /// Strategy of the world
        #[arg(long)]
        strategy: Option<Strategy>,
        /// How it holds its clients up
        #[command(flatten)]
        limits: simulate::Limits,
    },
    /// One round of probes: regions with verdict, reasons and ages; 0 all ok, 1 a region is not, 3 nothing could be asked
    ///
    /// Asks everything once, and returns when all was heard; 92 s at most. One round proves no outage: a region that did
    /// not answer is `unknown`, which is not ok. With --json one document: `regions` (each with region, name, role,
    /// verdict, word, sentence, calls, figure, control, reasons), `ladder`, `endpoints` (id, address, region, kind, state, word,
    /// answered, calls, stages_ms, age_ms, facts), `recommendation` (text, plan, arithmetic), `notices`, `posted`,
    /// `notices_age_ms` (null: Service Health could not be read, so its silence is not its own), `gaps`, `colleagues`,
    /// `reasons`, `headline`, `explanation`, `blind`, `share`, `at`. A verdict is ok, suspect, down, degraded, unknown or
    /// blind. From cron: lifeboat health > FILE || mail the file.
    Health(health::Wish),
    /// What can still be recovered from soft delete, in the order of the work: 0 fine, 1 partial or pressing, 3 could not
    ///
    /// Reads all subscriptions that the identity sees. With --json one document: `resources` (in the order of the work, each
    /// with what, name, id, subscription, region, deleted_at, purge_at, left_s, alarm, blockers, what_to_do, runbook,
    /// values, seen_at (when it was last seen, where it could not be read now), among others), `failed` (subscription, what, why), `subscriptions`, `requests`, `read_at`. Changes nothing; purges nothing.
    Recoverable(recoverable::Wish),
    /// Verify the record of runs: 0 consistent and anchored, 1 consistent with limits, 2 tampered or corrupt, 3 not verifiable
    Verify(verify::Wish),
    /// Export a run's record: as evidence with its proofs, or as a rendering for people, spreadsheets and log systems
    ///
    /// Only jsonl, bundle and excerpt are the record itself, byte for byte; the others are made from it. The file must not be
    /// there yet. Prints its SHA-256; the record of an open run says that it was exported, and of a closed one the
    /// register of this home.
    Export(export::Wish),
    /// Compare the actions of a run with Azure's Activity Log
    ///
    /// Reads the log of every subscription that the run is about, from ten minutes before its first record to ten minutes
    /// behind its last; Azure keeps it for 90 days, and it lags some minutes. Says which of the run's changes are there,
    /// which are missing, and who else changed what the run is about. Of an open run the result goes into its record.
    /// 0: all there and nobody else; 1: a finding, or a log that could not be read; 3: nothing could be compared.
    Reconcile(reconcile::Wish),
    /// Approve a colleague's request as the second person
    ///
    /// Shows what exactly would be done, asks, and prints the answer to send back: 0 signed, 1 refused or not agreed to,
    /// 2 bad input, 3 could not. Needs no Azure and no run.
    Approve(approve::Wish),
    /// Write a run into one encrypted file for a colleague; here it is only read afterwards
    HandOver(handover::Away),
    /// Take over the run in a colleague's file, or take back one that was handed over from here
    TakeOver(handover::Here),
    /// Secrets in the OS keyring: one a system and region
    Credentials(credentials::Wish),
    /// Every widget in every state, for whoever changes the look
    #[command(hide = true)]
    Gallery,
    /// The runs on this computer, or the record of one
    Runs {
        /// Print what was recorded of this run: its id, or its last four characters
        run: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Open the window, with a plan, a runbook or a folder of them, a picture of a request, or a run that was handed over
    Open {
        /// Files or folders
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Print what a shell needs to complete commands with Tab, such as: lifeboat completions bash > FILE
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the files of a package that come from the program: manual, completions, icons
    #[command(hide = true)]
    Packaging {
        /// Folder that stands for /usr
        dir: PathBuf,
    },
}

/// Printable sheets.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Sheet {
    /// One HTML file.
    Html,
    /// PDF.
    Pdf,
}

/// Carries out a command; the result is the exit code.
pub fn dispatch(args: &Args, command: &Cmd) -> u8 {
    match command {
        Cmd::Check { paths, json } => check::run(paths, *json),
        Cmd::Plan { plan, strategy, json, drift, rights, .. } if *drift || *rights => {
            let wish = checks::Wish { drift: *drift, rights: *rights, json: *json };
            checks::run(args, plan, *strategy, &wish)
        }
        Cmd::Plan { plan, strategy, json, print, out, paper, says, .. } => match (print, out) {
            (None, None) => plan::run(args, plan, *strategy, *json),
            (None, Some(out)) => bind::run(args, plan, *strategy, says, out),
            (Some(sheet), _) => {
                sheet::run(args, plan, *strategy, &sheet::Print { sheet: *sheet, paper: *paper, out: out.clone() })
            }
        },
        Cmd::Run { plan, strategy, trust, dry_run, resume } => run::run(
            args,
            &run::Wish {
                plan: plan.clone(),
                strategy: *strategy,
                trust: trust.clone(),
                dry_run: *dry_run,
                resume: resume.clone(),
            },
        ),
        Cmd::Rehearse { list: true, json, .. } => rehearse::list(*json),
        Cmd::Rehearse { scenario, strategy, scripted, answers, wrong, tabletop, speed, seed, resume, json, .. } => {
            rehearse::run(
                args,
                &rehearse::Wish {
                    scenario: scenario.clone(),
                    strategy: *strategy,
                    scripted: *scripted,
                    answers: answers.clone(),
                    wrong: wrong.clone(),
                    tabletop: *tabletop,
                    speed: *speed,
                    seed: *seed,
                    resume: resume.clone(),
                    json: *json,
                },
            )
        }
        Cmd::Simulate { scenario, listen, https, speed, strategy, limits } => {
            let catalog = crate::catalog::Catalog::builtin();
            match catalog.scenario_file(scenario) {
                Ok(file) => simulate::run(scenario, &file.text, *listen, *https, *speed, *strategy, *limits),
                Err(e) => {
                    say!("lifeboat: {e}");
                    USAGE
                }
            }
        }
        Cmd::Health(wish) => health::run(args, wish),
        Cmd::Verify(wish) => verify::run(args, wish),
        Cmd::Runs { run: Some(run), json } => runs::record(args, run, *json),
        Cmd::Runs { run: None, json } => runs::run(args, *json),
        Cmd::Recoverable(wish) => recoverable::run(args, wish),
        Cmd::Export(wish) => export::run(args, wish),
        Cmd::Reconcile(wish) => reconcile::run(args, wish),
        Cmd::Approve(wish) => approve::run(args, wish),
        Cmd::HandOver(wish) => handover::away(args, wish),
        Cmd::TakeOver(wish) => handover::here(args, wish),
        Cmd::Credentials(wish) => credentials::run(args, wish),
        Cmd::Gallery => opened(crate::ui::gallery()),
        Cmd::Open { paths } => open::run(args, paths),
        Cmd::Completions { shell } => completions::run(*shell),
        Cmd::Packaging { dir } => packaging::run(dir),
    }
}

/// `127.0.0.1`, or `127.0.0.1:0`: the ports are the system's to choose.
fn listen_on(text: &str) -> Result<IpAddr, String> {
    if let Ok(ip) = text.parse() {
        return Ok(ip);
    }
    match text.parse::<std::net::SocketAddr>() {
        Ok(a) if a.port() == 0 => Ok(a.ip()),
        Ok(a) => Err(format!("every simulated host has a port of its own, so port {} cannot be asked for", a.port())),
        Err(_) => Err("not an IP address".to_owned()),
    }
}

/// A desk for a terminal command, or the exit code when it cannot be.
pub fn desk(args: &Args, script: Option<ScriptSource>) -> Result<Handle, u8> {
    start(options(args, script))
}

/// The same on the Azure that is set up, watching this plan's regions; nobody is there to sign in.
pub fn desk_unattended(args: &Args, watch: Option<&str>) -> Result<Handle, u8> {
    let connected = || {
        let cloud = sign_in::cloud(args)?;
        Ok(Options { watch: watch.map(str::to_owned), cloud, ..options(args, None)? })
    };
    start(connected())
}

/// The same; a person may have to sign in first.
pub fn desk_for(args: &Args, watch: Option<&str>) -> Result<Handle, u8> {
    let handle = desk_unattended(args, watch)?;
    if sign_in::prompted(&handle) { Ok(handle) } else { Err(FAILED) }
}

fn start(options: Result<Options, String>) -> Result<Handle, u8> {
    options.and_then(|o| desk::start(o).map_err(|e| chain(&e))).map_err(|why| {
        say!("lifeboat: {why}");
        FAILED
    })
}

/// The name that goes into records: the one asked for, the one that was set in the window, or that of the session.
pub fn operator(home: &Home) -> String {
    let said = |v: &str| std::env::var(v).ok().filter(|n| !n.trim().is_empty());
    let session = || ["USER", "USERNAME"].into_iter().find_map(said).unwrap_or_else(|| "operator".to_owned());
    said("LIFEBOAT_OPERATOR").or_else(|| home.operator()).unwrap_or_else(session)
}

fn options(args: &Args, script: Option<ScriptSource>) -> Result<Options, String> {
    let home = Home::find(args.home.as_deref()).map_err(|e| e.to_string())?.despite(args.unsafe_home.as_deref());
    let cloud = cloud(args)?;
    let operator = operator(&home);
    Ok(Options { home, disk: Arc::new(RealDisk), cloud, watch: None, operator, script })
}

/// The simulated Azure that `--cloud` names.
fn cloud(args: &Args) -> Result<Option<Cloud>, String> {
    let Some(file) = &args.cloud else { return Ok(None) };
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let line = text.lines().next().unwrap_or_default();
    Cloud::from_line(line).map(Some).map_err(|e| format!("{}: {}", file.display(), chain(&e)))
}

/// Whether a window can be opened. On Linux a display server has to be named; elsewhere there is one.
pub fn display() -> bool {
    let named = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    !cfg!(target_os = "linux") || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

/// The window, with these files; its exit code.
pub fn window(args: &Args, files: &[PathBuf]) -> u8 {
    let handle = match desk(args, None) {
        Ok(h) => h,
        Err(code) => return code,
    };
    handle.send(desk::protocol::Command::Connect);
    opened(crate::ui::run(handle.link(), files.to_vec()))
}

/// What came of a window.
fn opened(window: eframe::Result) -> u8 {
    match window {
        Ok(()) => FINE,
        Err(e) => {
            say!("lifeboat: the window could not be opened ({e}); try: lifeboat rehearse region-loss");
            FAILED
        }
    }
}
