//! The command line, as `--help` shows it.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  huygens run optomechanical-pair                          two optomechanical clocks: do they synchronize, and how well?
  huygens run optomechanical-pair -s mu=0.03 -s n_b=2      the same with other parameters
  huygens run my-model.toml -m 'complete_sync(a,b)' --format json
  huygens sweep optomechanical-pair --over mu=0:0.2:401    a store for xarray, and a figure
  huygens optimize optomechanical-pair --over mu=0.005:0.06 --maximize 'complete_sync(b1,b2)'
  huygens continue optomechanical-pair --in mu=0.02:0.2    where the locked state is born and where it ends
  huygens reproduce mari2013                               a paper's figures and claims, with verdicts
  huygens clocks pair.csv                                  two recorded clocks: are they locked, and is it significant?
  huygens equations optomechanical-pair --format latex     the equations, to read and to paste
  huygens list measures                                    what can be asked, with formulas and sources

Exit codes: 0 fine, 1 a check failed, 2 bad input, 3 internal error, 130 interrupted.
Standard output carries data only (JSON, CSV, equations, lists); tables, progress and messages go to standard error.";

/// A laboratory for synchronization and what it costs.
///
/// A model is written once as operators; huygens derives its equations at each level of description, finds the attractor,
/// its fluctuations and the measures asked, and says how far each number can be trusted.
#[derive(Debug, Parser)]
#[command(name = "huygens", version, after_long_help = EXAMPLES, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a model once: attractor, fluctuations, measures, checks, figures
    Run(Run),
    /// Run a model over a grid of parameters, on all cores, into a Zarr store
    Sweep(Sweep),
    /// Find the parameters at which a measure is best, or at which a wanted value is had most cheaply
    Optimize(Optimize),
    /// Follow a limit cycle through a parameter and locate its bifurcations
    Continue(Continue),
    /// Compute the figures and the claims of a paper again, with verdicts
    Reproduce(Reproduce),
    /// Print the equations that were derived from a model
    Equations(Equations),
    /// List models, measures or papers
    List(List),
    /// Show a model, a measure or a paper
    Show(Show),
    /// Check a model file without running it
    Check(Check),
    /// Analyse recorded clocks: rates, locking, significance, stability
    Clocks(Clocks),
}

/// Which model, with which values.
#[derive(Debug, Args)]
pub(crate) struct Model {
    /// A built-in model (see `huygens list models`) or a model file
    #[arg(value_name = "MODEL|FILE")]
    pub(crate) model: String,
    /// Give a parameter a value: a number, or an expression in other parameters such as Delta1=2*omega1. May be repeated
    #[arg(short = 's', long = "set", value_name = "NAME=VALUE")]
    pub(crate) values: Vec<String>,
    /// Transform the model, as with 'holstein_primakoff(s, 1)', 'rotating_frame(m, w)', 'interaction_picture(term)',
    /// 'schrieffer_wolff(term)', 'adiabatic_elimination(m)' or 'project(m)', in order. May be repeated
    #[arg(long = "transform", value_name = "STEP")]
    pub(crate) transforms: Vec<String>,
}

/// What is asked of it, and how it is computed.
#[derive(Debug, Args)]
pub(crate) struct Method {
    /// A measure, such as 'complete_sync(b1,b2)' (see `huygens list measures`). May be repeated; without it, those of the model file
    #[arg(short = 'm', long = "measure", value_name = "MEASURE")]
    pub(crate) measures: Vec<String>,
    /// Level of description; without it gaussian, fock for a model with an anti-Hermitian part, response for one with structured baths
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// Do not look for the attractor: run from the model's start and the vacuum up to time T, such as '200*2*pi'
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
    /// Average the direct run over this window instead of the whole of it
    #[arg(long, value_name = "FROM:TO", allow_hyphen_values = true)]
    pub(crate) window: Option<String>,
    /// Start from the steady state at this other value and let go at t = 0, such as g=0: the measures over time. May be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "window")]
    pub(crate) quench: Vec<String>,
    /// Times after the quench, such as '1e-3,3e-3'; without it up to --until, or for six relaxation times. At the levels fock
    /// and optimal_path times to look at the state, of which the last is reported
    #[arg(long, value_name = "T,...", conflicts_with = "until", allow_hyphen_values = true)]
    pub(crate) at: Option<String>,
    /// Cut-off of the fock level: numbers below N in each mode (24, or 24,16), or their sum up to K (total:100); without it one
    /// that grows until nothing changes
    #[arg(long, value_name = "N|N,...|total:K")]
    pub(crate) cutoff: Option<String>,
    /// Number states of the fock level that follow the mean, or lie about the centre of the mean field for a steady state: the cut-off
    /// has to hold the fluctuations only. A steady state far from zero does so by itself where no --cutoff is given
    #[arg(long)]
    pub(crate) displaced: bool,
    /// Most memory for a density matrix, in GB
    #[arg(long, value_name = "GB", default_value_t = 0.25, allow_hyphen_values = true)]
    pub(crate) memory: f64,
    /// Do not compare with a larger cut-off and a disturbed start
    #[arg(long)]
    pub(crate) no_certificate: bool,
    /// Replace a fast mode by its response at the frequency of the slow ones (fixed points). May be repeated
    #[arg(long, value_name = "MODE")]
    pub(crate) eliminate: Vec<String>,
    /// Number of trajectories of the stochastic level (1000). At the level fock: trajectories with quantum jumps in the place of the
    /// density matrix
    #[arg(long, value_name = "N")]
    pub(crate) trajectories: Option<NonZero<u64>>,
    /// Largest step of trajectories of nonlinear models; without it one whose error is below half the statistical error
    #[arg(long, value_name = "H", allow_hyphen_values = true)]
    pub(crate) step: Option<String>,
    /// Meaning of the variables of trajectories; without it wigner, or classical for a model with an anti-Hermitian part. At the
    /// level optimal_path: classical for the path of the classical equation
    #[arg(long, value_enum)]
    pub(crate) ordering: Option<Ordering>,
    /// Noise of trajectories; without it the symmetric one of the Wigner function, the thermal one of classical equations
    #[arg(long, value_enum)]
    pub(crate) noise: Option<Noise>,
    /// Order in the driven couplings at the level response
    #[arg(long, value_enum, default_value_t = Order::Lowest)]
    pub(crate) order: Order,
    /// Weights that an anti-Hermitian part gives to trajectories
    #[arg(long, value_enum, default_value_t = Weights::Keep)]
    pub(crate) weights: Weights,
    /// Stepper of trajectories of nonlinear models
    #[arg(long, value_enum, default_value_t = Stepper::Splitting)]
    pub(crate) stepper: Stepper,
    /// Where trajectories start
    #[arg(long, value_enum, default_value_t = StartAt::Model)]
    pub(crate) start: StartAt,
    /// Do not measure the error by the step with a pilot ensemble; without --step the rates of the mean field decide
    #[arg(long)]
    pub(crate) no_step_error: bool,
    /// Samples over one period (128), over the window of a direct run (4000; of trajectories 400) or after a quench (1200)
    #[arg(long, value_name = "N")]
    pub(crate) samples: Option<usize>,
    /// Time given to the orbit to settle before the first search for a cycle; doubled if it is too short
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) transient: Option<String>,
    /// Integrator of the mean field and its fluctuations
    #[arg(long, value_enum, default_value_t = Integrator::Auto)]
    pub(crate) integrator: Integrator,
    /// Relative tolerance of the integration after the transient
    #[arg(long, value_name = "X", default_value_t = 1e-11, allow_hyphen_values = true)]
    pub(crate) rtol: f64,
    /// Treat a ring by the full matrix instead of wave by wave
    #[arg(long)]
    pub(crate) no_bloch: bool,
    /// Seed of the random starts and of the trajectories
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of threads; a sweep and an ensemble of trajectories take all cores unless told otherwise, another run takes one
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Where one state goes, and what it is compared with.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Folder for the record (JSON, CSV, NPZ) and the figures (PNG, SVG)
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A table for people, or one JSON object or CSV on standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Random starts that look for coexisting attractors; 0 for none
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) starts: usize,
    /// Leave out the comparison with the uncoupled system
    #[arg(long)]
    pub(crate) no_control: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  huygens run optomechanical-pair
  huygens run optomechanical-pair --until 200*2*pi --window 100*2*pi:200*2*pi
  huygens run optomechanical-pair -s g=0.25 -s drive=0.96 --level stochastic --trajectories 2000 --start attractor --until 300
  huygens run optomechanical-pair --level stochastic --trajectories 100000 --until 400 --out twa --shard $SLURM_ARRAY_TASK_ID/16
  huygens run two.toml --level fock --trajectories 2000 --until 50 --cutoff 12 -m 'n(a)' -m 'phase_coherence(a,b)'
  huygens run membranes -s momentum=1 --level stochastic --window 1:1.00003 --samples 192 -m 'simulated_accuracy(b1)'
  huygens run optomechanical-ring -s N=40 -m 'complete_sync(b[1],b[*])' --format csv
  huygens run my-model.toml --out results --quiet && python plot.py results/record.npz

Without --out a table goes with its files into huygens-out/MODEL; with --format json or csv nothing is written to disk.")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) model: Model,
    #[command(flatten)]
    pub(crate) method: Method,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Compute only this part of an ensemble, I = 1..N; the parts meet in --out, and the last to come writes the record, the same
    /// bytes as one run would
    #[arg(long, value_name = "I/N", requires = "out")]
    pub(crate) shard: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  huygens sweep optomechanical-pair --over mu=0.001:0.1:200
  huygens sweep optomechanical-pair --over n_b=0.01:100:61:log -m 'complete_sync(b1,b2)' --out nb.zarr
  huygens sweep van-der-pol-pair --over Delta=-0.1:0.1:41 --over V=0.005:0.2:40 --figure tongue.png
  huygens sweep optomechanical-pair --over mu=0:0.2:100001 --out big.zarr --shard $SLURM_ARRAY_TASK_ID/64
  huygens sweep optomechanical-pair --over mu=0:0.2:100001 --out big.zarr --resume
  python -c 'import xarray; print(xarray.open_zarr(\"nb.zarr\"))'

Ctrl-C or a crash loses at most the chunks in flight: the same command with --resume goes on where it stopped. The exit code
is 1 where a check failed at some point; the store says at which (status, message).")]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) model: Model,
    /// A parameter and its values, both ends included; `:log` for equal ratios. Repeated for a grid, the last runs fastest
    #[arg(long, value_name = "NAME=START:STOP:COUNT[:log]", required = true, allow_hyphen_values = true)]
    pub(crate) over: Vec<String>,
    #[command(flatten)]
    pub(crate) method: Method,
    /// The Zarr store to write; without it huygens-out/MODEL-NAMES.zarr, or nothing with --format json or csv
    #[arg(long, value_name = "STORE")]
    pub(crate) out: Option<PathBuf>,
    /// Continue a sweep that was interrupted
    #[arg(long)]
    pub(crate) resume: bool,
    /// Compute only this part, I = 1..N; the parts may run at the same time, on any machine that sees the store
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<String>,
    /// A summary for people, or the whole sweep as one JSON object or CSV on standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Where to draw the sweep (PNG and SVG); without it beside the store, for up to 20000 points
    #[arg(long, value_name = "PATH", conflicts_with = "no_figure")]
    pub(crate) figure: Option<PathBuf>,
    /// Draw nothing
    #[arg(long)]
    pub(crate) no_figure: bool,
    /// Random starts at each point that look for coexisting attractors
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) starts: usize,
    /// Compare with the uncoupled system at each point
    #[arg(long)]
    pub(crate) control: bool,
    /// Say how far the sweep is even where standard error is no terminal: a line every five seconds
    #[arg(long)]
    pub(crate) progress: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  huygens optimize optomechanical-pair --over mu=0.005:0.06 --maximize 'complete_sync(b1,b2)'
  huygens optimize optomechanical-pair --over mu=0.005:0.06 --minimize mu --subject 'complete_sync(b1,b2) >= 0.2'
  huygens optimize membranes --over g=0.001:0.1:log --minimize entropy_production --subject 'pearson(q(b1),q(b2)) >= 0.5'
  huygens optimize membranes --over g=0.001:0.1:log --maximize 'pearson(q(b1),q(b2))' --per entropy_production
  huygens optimize van-der-pol-pair --over Delta=0:0.1 --over V=0.01:0.3 --maximize order_parameter --format json

The goal, a cost and what a constraint bounds are measures (see `huygens list measures`) or parameters of the model. A first look
at the whole range is refined to the best point; what shows at none of its points is not found. Points with a failed check, or
without a value, do not count. The exit code is 1 where no point meets the constraints, or a check fails at the best one.")]
#[command(
    mut_arg("out", |a| a.help("Folder for the result (JSON, CSV) and its figure; without it huygens-out/MODEL-NAMES-optimum, or nothing with --format json or csv")),
    mut_arg("format", |a| a.help("A table for people, or one JSON object, or the points of the first look as CSV, on standard output")),
    mut_arg("starts", |a| a.help("Random starts at the best point that look for coexisting attractors; 0 for none")),
    mut_arg("no_control", |a| a.help("Leave out the comparison of the best point with the uncoupled system")),
)]
pub(crate) struct Optimize {
    #[command(flatten)]
    pub(crate) model: Model,
    /// A parameter and the range to search, `:log` in its logarithm; expressions will do. Repeated for several, 6 at most
    #[arg(long, value_name = "NAME=START:STOP[:log]", allow_hyphen_values = true)]
    pub(crate) over: Vec<String>,
    /// The measure or parameter whose largest value is wanted
    #[arg(long, value_name = "M")]
    pub(crate) maximize: Option<String>,
    /// The measure or parameter whose smallest value is wanted
    #[arg(long, value_name = "M")]
    pub(crate) minimize: Option<String>,
    /// Divide the goal by this cost, which must be positive: the most of the one per the other
    #[arg(long, value_name = "M")]
    pub(crate) per: Option<String>,
    /// Only where this holds: 'M >= VALUE' or 'M <= VALUE'. May be repeated
    #[arg(long, value_name = "CONSTRAINT", allow_hyphen_values = true)]
    pub(crate) subject: Vec<String>,
    #[command(flatten)]
    pub(crate) method: Method,
    /// Points of the first look: 201 along one parameter, 576 over two, 1000 over more
    #[arg(long, value_name = "N")]
    pub(crate) points: Option<usize>,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Say how far the search is even where standard error is no terminal: a line every five seconds
    #[arg(long)]
    pub(crate) progress: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  huygens continue optomechanical-pair --in mu=0.02:0.2
  huygens continue optomechanical-pair --in mu=0.02:0.0005 --points 400 --format csv

The cycle that `run` finds at FROM is followed towards TO, stable or not, around turning points. Saddle-node, period-doubling
and Neimark-Sacker bifurcations on the way are located. In a uniformly rotating state there is no isolated cycle to follow.")]
pub(crate) struct Continue {
    #[command(flatten)]
    pub(crate) model: Model,
    /// The parameter, where to start and where to go
    #[arg(long = "in", value_name = "NAME=FROM:TO", allow_hyphen_values = true)]
    pub(crate) along: String,
    /// Integrator of the mean field and its fluctuations
    #[arg(long, value_enum, default_value_t = Integrator::Auto)]
    pub(crate) integrator: Integrator,
    /// Relative tolerance of the integration
    #[arg(long, value_name = "X", default_value_t = 1e-12, allow_hyphen_values = true)]
    pub(crate) rtol: f64,
    /// Time given to the orbit to settle before the first cycle is looked for
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) transient: Option<String>,
    /// Most points of the branch
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) points: usize,
    /// Largest step, as a fraction of the range
    #[arg(long, value_name = "X", default_value_t = 0.02, allow_hyphen_values = true)]
    pub(crate) step: f64,
    /// End the branch at the first turning point
    #[arg(long)]
    pub(crate) stop_at_fold: bool,
    /// Folder for the branch (JSON, CSV) and its figure
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A table for people, or one JSON object or CSV on standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  huygens reproduce mari2013                          every figure and every claim
  huygens reproduce mari2013 2b --out figures         one figure with its data
  huygens reproduce mari2013 claims --format json     the verdicts, for a script

A claim that fails is a finding about the paper, not an error: the exit code is 0. `huygens list papers` names the papers.")]
pub(crate) struct Reproduce {
    /// A paper, or `all`
    #[arg(value_name = "PAPER|all")]
    pub(crate) paper: String,
    /// One of its figures, or `claims`; without it everything
    #[arg(value_name = "FIGURE|claims")]
    pub(crate) part: Option<String>,
    /// Folder for figures, data and the table of claims; without it huygens-out/PAPER
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A table for people, or one JSON object on standard output
    #[arg(long, value_enum, default_value_t = Told::Table)]
    pub(crate) format: Told,
    /// Number of threads
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say how far the audit is even where standard error is no terminal: a line every five seconds
    #[arg(long)]
    pub(crate) progress: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  huygens equations optomechanical-pair
  huygens equations kerr-pair --format latex > kerr.tex")]
pub(crate) struct Equations {
    #[command(flatten)]
    pub(crate) model: Model,
    /// mean_field: the classical flow; gaussian: the quantum Langevin equations, drift and diffusion too
    #[arg(long, value_enum, default_value_t = Level::Gaussian)]
    pub(crate) level: Level,
    /// Text, or LaTeX align environments
    #[arg(long, value_enum, default_value_t = Notation::Text)]
    pub(crate) format: Notation,
    /// Every mode of a large model
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum)]
    pub(crate) what: Listed,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A model, a model file, a measure or a paper
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) model: Model,
    /// Measures to resolve; without it, those of the model file
    #[arg(short = 'm', long = "measure", value_name = "MEASURE")]
    pub(crate) measures: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  huygens clocks pair.csv                                 columns with a header, the first of them the time
  huygens clocks left.wav right.wav                       two recordings, the rate from the files
  huygens clocks ecg.npy breath.npy --rate 1000           heart and breath: which n:m?
  huygens clocks band.csv --ticks --columns Bass,Guitar   tick lists: asynchronies
  huygens clocks pair.csv --phase hilbert --kind twin --surrogates 999 --format json
  my-detector | huygens clocks - --rate 250 --format csv

Without --out a table goes with its files into huygens-out/FILE; with --format json or csv nothing is written to disk.
A p-value is (k + 1)/(n + 1) with k of n surrogates at least as large; the null model and the seed are told with it.")]
pub(crate) struct Clocks {
    /// Recorded signals or tick lists: CSV, TSV, NPY, NPZ, WAV, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<String>,
    /// Samples a second, where the file does not say it
    #[arg(long, value_name = "HZ", allow_hyphen_values = true)]
    pub(crate) rate: Option<f64>,
    /// The column of times: its name, or its number from 1
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// The columns to analyse, by name or number; without it all but the time
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// The columns are lists of tick times
    #[arg(long)]
    pub(crate) ticks: bool,
    /// How a signal becomes a phase; the other ways are compared with it
    #[arg(long, value_enum, default_value_t = Phase::Peaks)]
    pub(crate) phase: Phase,
    /// Least prominence of a peak, as a share of the range of the signal
    #[arg(long, value_name = "X", default_value_t = 0.2, allow_hyphen_values = true)]
    pub(crate) prominence: f64,
    /// Largest value of the smaller of n and m in n:m locking
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) largest: u32,
    /// Number of surrogates; 0 for none
    #[arg(long, value_name = "N", default_value_t = 199)]
    pub(crate) surrogates: usize,
    /// The null model
    #[arg(long, value_enum, default_value_t = Kind::Shifted)]
    pub(crate) kind: Kind,
    /// Seed of the surrogates
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// A measure, such as sync_index or 'slips(a,b)'. May be repeated; without it all
    #[arg(short = 'm', long = "measure", value_name = "MEASURE")]
    pub(crate) measures: Vec<String>,
    /// Folder for the record (JSON, CSV, NPZ) and the figure (PNG, SVG)
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A table for people, or one JSON object or CSV on standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Definitions of the phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phase {
    /// One cycle a peak, linear between peaks
    Peaks,
    /// The angle of the analytic signal about the mean
    Hilbert,
    /// The same, made uniform (Kralemann et al. 2008)
    Protophase,
}

/// Null models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// One record turned round by a random time
    Shifted,
    /// Linear Gaussian processes with the spectra of the signals
    Ar,
    /// Other runs of the same oscillator, by jumps between twins
    Twin,
}

/// Levels of description of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Level {
    /// The classical flow alone
    MeanField,
    /// Linearised quantum fluctuations around it
    Gaussian,
    /// Trajectories: truncated Wigner or classical Langevin equations, up to --until
    Stochastic,
    /// The density matrix in number states, up to --until
    Fock,
    /// The optimal path of a weakly nonlinear model with many quanta, at the times of --at
    OptimalPath,
    /// Linear oscillators with structured baths and driven couplings, by their response
    Response,
}

impl From<Level> for huygens::experiment::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::MeanField => Self::MeanField,
            Level::Gaussian => Self::Gaussian,
            Level::Stochastic => Self::Stochastic,
            Level::Fock => Self::Fock,
            Level::OptimalPath => Self::OptimalPath,
            Level::Response => Self::Response,
        }
    }
}

/// Orders in driven couplings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// The lowest, in closed form
    Lowest,
    /// All of them
    All,
}

impl From<Order> for huygens::experiment::Order {
    fn from(order: Order) -> Self {
        match order {
            Order::Lowest => Self::Lowest,
            Order::All => Self::All,
        }
    }
}

/// Orderings of phase-space variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ordering {
    /// Weyl order: truncated Wigner, with the noise of the vacuum
    Wigner,
    /// Classical Langevin equations: thermal and pump noise alone
    Classical,
}

impl From<Ordering> for huygens::levels::stochastic::langevin::Ordering {
    fn from(ordering: Ordering) -> Self {
        match ordering {
            Ordering::Wigner => Self::Wigner,
            Ordering::Classical => Self::Classical,
        }
    }
}

/// Noise of trajectories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Noise {
    /// Of baths and vacuum, n̄ + ½
    Symmetric,
    /// Of baths alone, n̄
    Thermal,
    /// Of baths and vacuum, for nonlinear jumps the same everywhere as at |z| = 1
    Additive,
    /// None
    Off,
}

impl From<Noise> for huygens::levels::stochastic::langevin::Noise {
    fn from(noise: Noise) -> Self {
        match noise {
            Noise::Symmetric => Self::Symmetric,
            Noise::Thermal => Self::Thermal,
            Noise::Additive => Self::Additive,
            Noise::Off => Self::Off,
        }
    }
}

/// Weights of trajectories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Weights {
    /// They count
    Keep,
    /// They are left out: the Langevin equations alone
    Drop,
}

impl From<Weights> for huygens::experiment::Weights {
    fn from(weights: Weights) -> Self {
        match weights {
            Weights::Keep => Self::Keep,
            Weights::Drop => Self::Drop,
        }
    }
}

/// Steppers of nonlinear Langevin equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stepper {
    /// Runge-Kutta 4 between kicks of noise
    Splitting,
    /// Stochastic Heun
    Heun,
    /// Euler-Maruyama
    Euler,
}

impl From<Stepper> for huygens::levels::stochastic::stepper::Method {
    fn from(stepper: Stepper) -> Self {
        match stepper {
            Stepper::Splitting => Self::Splitting,
            Stepper::Heun => Self::Heun,
            Stepper::Euler => Self::EulerMaruyama,
        }
    }
}

/// Where trajectories start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StartAt {
    /// The start of the model file; at rest where it names none
    Model,
    /// A point of the mean-field attractor
    Attractor,
}

impl From<StartAt> for huygens::experiment::StartAt {
    fn from(start: StartAt) -> Self {
        match start {
            StartAt::Model => Self::Model,
            StartAt::Attractor => Self::Attractor,
        }
    }
}

/// Integrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Integrator {
    /// Of order 8, and the stiff one from the point on where the flow looks stiff
    Auto,
    /// Dormand-Prince 8(5,3), explicit
    Dop853,
    /// Tsitouras 5(4), explicit
    Tsit5,
    /// Radau IIA 5, implicit: for stiff flows
    Radau5,
}

impl From<Integrator> for huygens::levels::mean_field::integrate::Method {
    fn from(integrator: Integrator) -> Self {
        match integrator {
            Integrator::Auto => Self::Auto,
            Integrator::Dop853 => Self::Dop853,
            Integrator::Tsit5 => Self::Tsit5,
            Integrator::Radau5 => Self::Radau5,
        }
    }
}

/// Form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, on standard error
    Table,
    /// One JSON object on standard output
    Json,
    /// CSV on standard output
    Csv,
}

/// Form of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Told {
    /// For people, on standard error
    Table,
    /// One JSON object on standard output
    Json,
}

/// Form of equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Notation {
    /// As model files write them
    Text,
    /// LaTeX
    Latex,
}

/// What there is to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// Built-in models
    Models,
    /// Measures with formula, range, unit and source
    Measures,
    /// Papers that can be reproduced
    Papers,
}
