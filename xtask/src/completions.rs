//! `cargo xtask completions`: a script that completes these commands in a shell.

use anyhow::Result;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Command, ValueEnum};
use clap_complete::{Shell, generate};
use course::catalogue::Course;
use terminal::outcome::Outcome;
use terminal::output::Destination;
use terminal::paths;

/// The arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: ShellName,
}

/// The shells that can complete a command behind `cargo`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
}

const EXAMPLES: &str = "\
The script completes commands, options and the ids of the lessons after `cargo xtask`.
What follows `cargo` otherwise is completed as before.

Examples:
  source <(cargo xtask completions bash)            in ~/.bashrc, in the course's folder
  cargo xtask completions zsh  >>~/.zshrc
  cargo xtask completions fish >~/.config/fish/conf.d/xtask.fish

Exit status: 0 written; 2 misuse.";

/// The name of the program in the scripts. `cargo` is removed from the line before they are asked.
const NAME: &str = "xtask";

/// Prints the script of a shell. `commands` describes the command line.
///
/// # Errors
/// The lessons cannot be read.
pub(crate) fn run(args: &Args, commands: Command) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let ids: Vec<_> = course.lessons().iter().map(|lesson| lesson.id.clone()).collect();
    let (shell, behind_cargo) = match args.shell {
        ShellName::Bash => (Shell::Bash, BASH),
        ShellName::Zsh => (Shell::Zsh, ZSH),
        ShellName::Fish => (Shell::Fish, FISH),
    };
    let mut script = Vec::new();
    generate(shell, &mut with_lessons(commands, &ids).name(NAME).bin_name(NAME), NAME, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned() + behind_cargo;
    Destination::Stdout.write(&script)?;
    Ok(Outcome::Success)
}

/// The commands, with the ids of the lessons as the values of each argument LESSON.
fn with_lessons(commands: Command, ids: &[String]) -> Command {
    let named: Vec<_> = commands
        .get_subcommands()
        .filter(|command| command.get_arguments().any(is_lesson))
        .map(|command| command.get_name().to_owned())
        .collect();
    named.into_iter().fold(commands, |commands, name| {
        commands.mut_subcommand(name, |command| {
            command.mut_args(|arg| match is_lesson(&arg) {
                true => arg.value_parser(PossibleValuesParser::from(values(ids))),
                false => arg,
            })
        })
    })
}

fn values(ids: &[String]) -> Vec<PossibleValue> {
    // clap keeps texts that live as long as the process, which ends after this command.
    ids.iter().map(|id| PossibleValue::new(&*id.clone().leak())).collect()
}

fn is_lesson(arg: &clap::Arg) -> bool {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().any(|name| name.as_str() == "LESSON")
}

/// Calls the completion of this program for `cargo xtask`, and cargo's own for anything else.
const BASH: &str = r#"
_cargo_or_xtask() {
    if [[ ${COMP_WORDS[1]} == xtask && $COMP_CWORD -gt 1 ]]; then
        COMP_WORDS=("${COMP_WORDS[@]:1}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _xtask xtask "$2" "$3"
    elif declare -F _cargo >/dev/null; then
        _cargo "$@"
    fi
}
complete -o bashdefault -o default -F _cargo_or_xtask cargo
"#;
const ZSH: &str = r#"
_cargo_or_xtask() {
    if [[ $words[2] == xtask && $CURRENT -gt 2 ]]; then
        shift words
        CURRENT=$((CURRENT - 1))
        _xtask "$@"
    elif (( $+functions[_cargo] )); then
        _cargo "$@"
    fi
}
compdef _cargo_or_xtask cargo
"#;
const FISH: &str = r#"
complete -c cargo -n '__fish_seen_subcommand_from xtask' -f -a '(complete -C (string replace -r "^cargo +" "" -- (commandline -cp)))'
"#;
