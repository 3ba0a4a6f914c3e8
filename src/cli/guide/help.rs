//! What can be typed: on one screen, and at length by word.

/// One screen.
pub const HELP: &str = "\
The step  1, 2 …  choose      Enter  the first choice, unless it changes Azure
          s  in full          AO-F6  look at that step     .  back
          b  break the glass  u, u AO-F6  take back to here     uu  stop that
Second    a  the request, and the ways to answer: aa aq ap at ah as aw
person    ak keys, yours and your colleagues'
The run   l  checklist        ll all of it    t  clocks      h  health
          w  who waits for what, and what comes next (the commander's view)
          n  note             p  pause, or go on
          x  degraded instructions, or normal ones: this step   xx the whole run
          d  impact began earlier             z  answer for the systems
          m  what a colleague sees (paste)    ms share what you see
Papers    g  all   gl ledger  gx loss    ge evidence   gf file   gh health
          gi finding   gr rate it   gc how it is put right   gv vouch  gp post
          gt tell (who came, checks, messages)   gd declare   gs sign off
Rehearsal j  jump to the next event   v 10  speed   + 5m  clock on by so much
Runs      r  list   r 7F3K  go to it   o  hand over   oo take over   ob back
Leaving   c  close the run    cc give it up   q  leave; the run stays open
More      ? step   ? second   ? papers   ? clocks   ? runs   ? paste";

/// At length; none: no such word.
pub fn about(word: &str) -> Option<&'static str> {
    Some(match word {
        "step" | "steps" => STEP,
        "second" | "person" | "a" => SECOND,
        "papers" | "paper" | "g" => PAPERS,
        "clock" | "clocks" | "rehearsal" | "tabletop" | "z" => CLOCKS,
        "run" | "runs" | "r" | "o" => RUNS,
        "paste" => PASTE,
        _ => return None,
    })
}

const STEP: &str = "\
A number chooses what the card offers. Enter takes the first, as long as that
only reads or records a word; it never changes Azure, and leaves nothing out.
What changes Azure wants a word typed that is shown then and holds a number
that is new each time; what cannot be taken back wants the target's name, too.
An id, such as AO-F6, looks at that step; . goes back to the one that is next.
s shows all there is: source, readings with their age, what was recorded, and
the commands to do it by hand. A command that is longer than a line goes on
behind a backslash; a shell takes it as it stands.
After a failure the run stands still: again, by hand, skip, or take back.
u takes back this step and all that was done after it: guided, the newest
first, one at a time. Each shows what it would change and asks before it sends
anything. uu stops; what is left stays as it is.
b sets aside a guard that refuses, for this one attempt, with a second person.";

const SECOND: &str = "\
Choose “Ask the second person” at the step; a shows the request as a block.
  aa       take their answer: paste the block that they send back
  aq       the request as a picture, here; aq light on a light terminal
  ap FILE  the request as a picture file
  at       read the challenge over the phone, and type the code they read
  ah       they stand here and agree on this device: the weaker way
  as       rehearsal: the script answers; as NAME asks that person of it
  aw       withdraw the question
They see with `lifeboat approve`, or in the window, exactly what would be done.
A request has its time to be answered; after it, ask again.
  ak       your key line to give to colleagues, and whose keys are known
  ak know  take a colleague's key line       ak forget NAME
  ak make  make this device's key            ak memory  without a keyring";

const PAPERS: &str = "\
g shows what is kept beside the steps. What you add goes into the record.
  gl  ledger: what was created or changed in the secondary
  gx  loss register: lost, unavailable for now, or there twice
  ge  evidence as text: paste it; an empty line that comes alone ends it
  gf  evidence as a file: it is copied and hashed (gf FILE)
  gh  freeze the present picture of health
  gi  finding: something to put right afterwards
  gc  how the oldest open finding is put right, by whom, until when
  gr  how grave the oldest finding is that nobody has rated, and its root cause
  gv  another person vouches that a finding is put right, or bears the risk
  gt  tell what only people know: who came or could not, checks of function
      and data, security, who was told, deviations, the report
  gd  who declared the incident, on whose authority, what triggered it
  gp  a checkpoint of the record, as text and as a picture, to be put into a
      ticket or a chat; then say where (gp light on a light terminal)
  gs  sign off: as what, and what you state. Auditors look for a coordinator,
      an owner and the management
g ends with what is not in the record yet; so does c, before it closes.
  n   a note";

const CLOCKS: &str = "\
t shows the clocks: left to the RTO, the forecast, who was waited for, each
segment, the recovery point, and the moments T0 to T12. d sets T0 earlier.
Rehearsal:
  j      jump to the next thing that concerns you
  v      the clock's speed: v 10, v max, v 0 stops it, v + and v - change it
  + 5m   let the clock go on by so much, and stand still again
  z      tabletop: nobody asks any Azure; where a step waits to hear what a
         system does, you say it in the system's place
The facilitator's own view (what comes when, and what is hidden) is in the
window alone: here it would tell the operator what they are to find out.";

const RUNS: &str = "\
r shows the runs that are open here and on this computer; r 7F3K goes to one.
r PLAN starts a run of that plan beside this one; r PLAN dry only reads.
q leaves. So does a connection that drops: the run stays open, the record has
all of it, and --resume goes on where it stood. What was sent to Azure before
is read back then, and nothing is sent twice.
o hands the run over in one encrypted file; here it can then only be read.
oo takes over the run of a colleague's file. ob takes back a run that was
handed over from here, when nobody has its file.
c closes the run with its outcome, cc gives it up.
rj writes the journal again after its disk failed.";

const PASTE: &str = "\
Several lines that come at once are taken for a paste, and never for commands:
none of them is done. Say first where the text belongs: aa for the second
person's answer, ge for evidence, m for what a colleague sees, n for a note.
And what changes Azure wants a number that no text can know beforehand.";
