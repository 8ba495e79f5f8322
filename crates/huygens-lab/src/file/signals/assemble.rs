//! From tables to recordings and tick lists: which columns, which times, and whether they can be used.

use std::collections::BTreeMap;

use super::times::{is_time_name, sampling};
use super::{
    Channel, Column, Input, Reading, Recording, Result, Sampling, SignalError, Table, TickList, TickLists, table,
};

/// Fewest samples of a recording.
const FEWEST_SAMPLES: usize = 4;

/// Signals recorded together, from the bytes of one or more files.
///
/// The times come from [`Reading::rate`], or else from the column of times, or else from the file (WAV, NPZ with a `rate`). Files
/// must agree in the number of samples and in their times.
///
/// # Errors
/// [`SignalError`]: rows of unequal length, words among numbers, fewer than four samples, a constant or empty signal, unequal lengths,
/// times that do not increase, no sampling rate, bytes of no known format.
pub fn assemble(inputs: &[Input], reading: &Reading) -> Result<Recording> {
    if let Some(rate) = reading.rate.filter(|r| !(r.is_finite() && *r > 0.0)) {
        return Err(SignalError::new("", format!("a sampling rate of {rate} cannot be"), "give a positive number"));
    }
    if reading.rate.is_some() && reading.time.is_some() {
        let help = "give the one that is right";
        return Err(SignalError::new("", "both a sampling rate and a column of times are given", help));
    }
    let mut notes = Vec::new();
    let mut parts: Vec<(&Input, Vec<Channel>, Vec<f64>)> = Vec::new();
    let mut met = vec![false; reading.columns.len()];
    let mut offered = Vec::new();
    for input in inputs {
        let mut table = table(input)?;
        notes.append(&mut table.notes);
        let time = times(input, &mut table, reading, &mut notes)?;
        offered.extend(table.columns.iter().map(label));
        let chosen = choose(input, &table, reading, &mut met, &mut notes)?;
        if chosen.is_empty() {
            continue;
        }
        for column in &chosen {
            usable(input, &table, column)?;
        }
        let times = match time {
            Times::Column(times) => times,
            Times::Rate(rate) => (0..chosen[0].values.len()).map(|k| k as f64 / rate).collect(),
        };
        parts.push((input, channels(input, &chosen, inputs.len()), times));
    }
    missing(&reading.columns, &met, &offered)?;
    let Some((first, _, times)) = parts.first() else {
        return Err(SignalError::new(&names(inputs), "there is no column of numbers", "give one column a signal"));
    };
    let (sampling, gaps) = sampling(times);
    for (input, _, others) in &parts[1..] {
        if others.len() != times.len() {
            return Err(SignalError::new(
                &input.name,
                format!("{} samples, but {} holds {}", others.len(), first.name, times.len()),
                "cut the signals to the same stretch of time",
            ));
        }
        let apart = times.iter().zip(others).position(|(a, b)| (a - b).abs() > 0.02 * sampling.step());
        if let Some(k) = apart {
            return Err(SignalError::new(
                &input.name,
                format!("sample {} is at {}, but in {} at {}", k + 1, others[k], first.name, times[k]),
                "give signals that were sampled at the same times",
            ));
        }
    }
    if !gaps.is_empty() {
        let longest = gaps.iter().map(|g| g.to - g.from).fold(0.0, f64::max);
        notes.push(format!("{} gap(s) in time, the longest of {longest:.6}", gaps.len()));
    }
    if let Sampling::Irregular { step } = sampling {
        notes.push(format!("the samples are not equally spaced (median step {step:.6})"));
    }
    let times = times.clone();
    let channels = distinct(parts.into_iter().flat_map(|(_, channels, _)| channels).collect());
    for channel in &channels {
        let lost = channel.values.iter().filter(|v| v.is_nan()).count();
        if lost > 0 {
            notes.push(format!("{}: {lost} of {} samples are missing", channel.name, times.len()));
        }
    }
    Ok(Recording { channels, times, sampling, gaps, notes })
}

/// Tick lists of players, from the bytes of one or more files: each column a list of times, NaN where a tick is missing. Without a
/// choice of columns, those whose values increase are taken.
///
/// # Errors
/// [`SignalError`]: as for signals; a chosen column whose times do not increase; fewer than two ticks.
pub fn assemble_ticks(inputs: &[Input], reading: &Reading) -> Result<TickLists> {
    let mut notes = Vec::new();
    let mut players = Vec::new();
    let mut met = vec![false; reading.columns.len()];
    let mut offered = Vec::new();
    for input in inputs {
        let mut table = table(input)?;
        notes.append(&mut table.notes);
        offered.extend(table.columns.iter().map(label));
        let explicit = !reading.columns.is_empty();
        let chosen = choose_ticks(input, &table, reading, &mut met, &mut notes)?;
        let several = chosen.len() > 1;
        let mut taken = Vec::new();
        for mut column in chosen {
            let fault = first_disorder(&column.values);
            let ticks = column.values.iter().filter(|t| t.is_finite()).count();
            match fault {
                Some((k, before)) if explicit || !several => {
                    let here = column.values[k];
                    let error = SignalError::new(
                        &input.name,
                        format!("tick {here} comes after {before}: times of ticks must increase"),
                        "choose the columns that are lists of times (--columns), or leave out --ticks for signals",
                    );
                    return Err(at_row(error, &table, k).at_column(column.number));
                }
                Some(_) => {
                    notes.push(format!("{}: column {} does not increase, left out", input.name, label(&column)));
                    continue;
                }
                None => {}
            }
            if ticks < 2 {
                let message = format!("{} holds {ticks} tick(s), expected at least 2", label(&column));
                if explicit || !several {
                    let error = SignalError::new(&input.name, message, "choose another column");
                    return Err(error.at_column(column.number));
                }
                notes.push(format!("{}: {message}, left out", input.name));
                continue;
            }
            let repeated = forget_repeats(&mut column.values);
            if repeated > 0 {
                notes.push(format!(
                    "{}: {repeated} tick(s) of {} given twice, counted once",
                    input.name,
                    label(&column)
                ));
            }
            taken.push(column);
        }
        let taken: Vec<&Column> = taken.iter().collect();
        players.extend(channels(input, &taken, inputs.len()));
    }
    missing(&reading.columns, &met, &offered)?;
    if players.is_empty() {
        let help = "give increasing times, a column a player, empty where one rests";
        return Err(SignalError::new(&names(inputs), "there is no list of tick times", help));
    }
    let players = distinct(players).into_iter().map(|c| TickList { name: c.name, times: c.values }).collect();
    Ok(TickLists { players, notes })
}

fn names(inputs: &[Input]) -> String {
    inputs.iter().map(|i| i.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// What a column is called in messages.
fn label(column: &Column) -> String {
    column.name.clone().unwrap_or_else(|| column.number.to_string())
}

fn is_asked(column: &Column, wanted: &str) -> bool {
    column.name.as_deref() == Some(wanted.trim())
        || (column.name.as_deref().is_none_or(|n| n.parse::<f64>().is_err())
            && wanted.trim().parse() == Ok(column.number))
}

/// Where the times come from.
enum Times {
    Column(Vec<f64>),
    Rate(f64),
}

/// The times of a table; a column of times is taken out of it.
fn times(input: &Input, table: &mut Table, reading: &Reading, notes: &mut Vec<String>) -> Result<Times> {
    let file = &input.name;
    if table.columns.iter().all(|c| c.text.is_some())
        && let Some((column, span)) = table.columns.iter().find_map(|c| Some((c, c.text.clone()?)))
    {
        return Err(wrong_word(file, table, column, span));
    }
    let named = |table: &Table| table.columns.iter().position(|c| c.name.as_deref().is_some_and(is_time_name));
    let position = match &reading.time {
        Some(wanted) => match table.columns.iter().position(|c| is_asked(c, wanted)) {
            Some(k) => Some(k),
            None => {
                let offered: Vec<String> = table.columns.iter().map(label).collect();
                return Err(SignalError::new(
                    file,
                    format!("there is no column `{wanted}` for the time"),
                    format!("the columns are: {}", offered.join(", ")),
                ));
            }
        },
        None => named(table),
    };
    if let Some(rate) = reading.rate {
        if let Some(k) = position {
            let column = table.columns.remove(k);
            notes.push(format!("{file}: the sampling rate was given, column {} is left out", label(&column)));
        }
        return Ok(Times::Rate(rate));
    }
    if let Some(k) = position {
        let column = table.columns.remove(k);
        if let Some(span) = &column.text {
            return Err(wrong_word(file, table, &column, span.clone()));
        }
        if let Some((row, message)) = not_increasing(&column.values) {
            let help = "sort the rows and keep one row a time; leave out rows without a time";
            return Err(at_row(SignalError::new(file, message, help), table, row).at_column(column.number));
        }
        if column.values.len() < FEWEST_SAMPLES {
            return Err(too_few(file, column.values.len()));
        }
        notes.push(format!("{file}: the times are in column {}", label(&column)));
        return Ok(Times::Column(column.values));
    }
    if let Some(rate) = table.rate {
        if !(rate.is_finite() && rate > 0.0) {
            let message = format!("the file gives a sampling rate of {rate}");
            return Err(SignalError::new(file, message, "give the right one with --rate HZ"));
        }
        return Ok(Times::Rate(rate));
    }
    let first = table.columns.first().filter(|c| c.text.is_none());
    let disorder = first.map(|c| not_increasing(&c.values));
    match disorder {
        Some(None) if table.columns.len() > 1 && table.columns[0].values.len() >= FEWEST_SAMPLES => {
            let column = table.columns.remove(0);
            notes.push(format!("{file}: the first column increases throughout and is taken as the time"));
            Ok(Times::Column(column.values))
        }
        Some(Some((row, _))) if row * 20 > table.columns[0].values.len() && table.columns.len() > 1 => {
            let message = "the sampling rate is unknown: no column is named t or time, and the first column stops \
                           increasing here";
            let help = "give --rate HZ, or the column of times with --time NAME; times must increase";
            Err(at_row(SignalError::new(file, message, help), table, row))
        }
        _ => {
            if let Some(length) = first.map(|c| c.values.len()).filter(|n| *n < FEWEST_SAMPLES) {
                return Err(too_few(file, length));
            }
            let ticks = matches!(disorder, Some(None));
            let help = if ticks {
                "give --rate HZ for a signal; if these are the times of ticks, say --ticks"
            } else {
                "give --rate HZ, or add a column of times named t"
            };
            Err(SignalError::new(file, "the sampling rate is unknown", help))
        }
    }
}

fn too_few(file: &str, found: usize) -> SignalError {
    let samples = if found == 1 { "one sample".to_owned() } else { format!("{found} samples") };
    let help = "give a recording of many cycles";
    SignalError::new(file, format!("the file holds {samples}, expected at least {FEWEST_SAMPLES}"), help)
}

/// The first row at which values do not increase, and why.
fn not_increasing(values: &[f64]) -> Option<(usize, String)> {
    (0..values.len()).find_map(|k| {
        let before = if k > 0 { values[k - 1] } else { f64::NEG_INFINITY };
        let t = values[k];
        if t.is_nan() {
            Some((k, "the time is missing in this row".into()))
        } else if t == before {
            Some((k, format!("time stands still at {t}")))
        } else if t < before {
            Some((k, format!("time runs backwards: {t} after {before}")))
        } else {
            None
        }
    })
}

/// The first tick that lies before the one before it.
fn first_disorder(values: &[f64]) -> Option<(usize, f64)> {
    let mut last = f64::NEG_INFINITY;
    for (k, &t) in values.iter().enumerate().filter(|(_, t)| t.is_finite()) {
        if t < last {
            return Some((k, last));
        }
        last = t;
    }
    None
}

/// Makes ticks equal to the one before them missing; how many.
fn forget_repeats(values: &mut [f64]) -> usize {
    let (mut last, mut count) = (f64::NEG_INFINITY, 0);
    for t in values.iter_mut().filter(|t| t.is_finite()) {
        if *t == last {
            *t = f64::NAN;
            count += 1;
        } else {
            last = *t;
        }
    }
    count
}

/// Points an error at a row of the text it came from, or names the row.
fn at_row(mut error: SignalError, table: &Table, row: usize) -> SignalError {
    match table.rows.as_ref().and_then(|r| Some((r, r.spans.get(row)?))) {
        Some((rows, span)) => error.at(&rows.text, span.clone()),
        None => {
            error.message = format!("sample {}: {}", row + 1, error.message);
            error
        }
    }
}

fn wrong_word(file: &str, table: &Table, column: &Column, span: std::ops::Range<usize>) -> SignalError {
    let text = table.rows.as_ref().map_or("", |r| &r.text);
    let word: String = text[span.clone()].chars().take(24).collect();
    SignalError::new(
        file,
        format!("expected a number, found `{word}`"),
        "leave the cell empty (or write nan) where a value is missing; choose columns of numbers with --columns",
    )
    .at(text, span)
    .at_column(column.number)
}

/// The columns asked for; without a request all, but those that hold words only.
fn choose<'a>(
    input: &Input,
    table: &'a Table,
    reading: &Reading,
    met: &mut [bool],
    notes: &mut Vec<String>,
) -> Result<Vec<&'a Column>> {
    let file = &input.name;
    let mut chosen = Vec::new();
    if !reading.columns.is_empty() {
        for (wanted, met) in reading.columns.iter().zip(met) {
            if let Some(column) = table.columns.iter().find(|c| is_asked(c, wanted)) {
                *met = true;
                if let Some(span) = &column.text {
                    return Err(wrong_word(file, table, column, span.clone()));
                }
                chosen.push(column);
            }
        }
        return Ok(chosen);
    }
    let mut words = Vec::new();
    for column in &table.columns {
        match &column.text {
            None => chosen.push(column),
            Some(span) if column.values.iter().any(|v| v.is_finite()) => {
                return Err(wrong_word(file, table, column, span.clone()));
            }
            Some(_) => words.push(column),
        }
    }
    if chosen.is_empty()
        && let Some(column) = words.first()
    {
        let span = column.text.clone().unwrap_or_default();
        return Err(wrong_word(file, table, column, span));
    }
    if !words.is_empty() {
        let labels: Vec<String> = words.into_iter().map(label).collect();
        notes.push(format!("{file}: left out, words: {}", labels.join(", ")));
    }
    Ok(chosen)
}

/// The same for lists of ticks, where columns with words and empty ones are left out unless they are asked for.
fn choose_ticks(
    input: &Input,
    table: &Table,
    reading: &Reading,
    met: &mut [bool],
    notes: &mut Vec<String>,
) -> Result<Vec<Column>> {
    if !reading.columns.is_empty() {
        return Ok(choose(input, table, reading, met, notes)?.into_iter().cloned().collect());
    }
    let useful = |c: &Column| c.text.is_none() && c.values.iter().any(|t| t.is_finite());
    let (chosen, others): (Vec<&Column>, Vec<&Column>) = table.columns.iter().partition(|c| useful(c));
    if chosen.is_empty()
        && let Some((column, span)) = others.iter().find_map(|c| Some((c, c.text.clone()?)))
    {
        return Err(wrong_word(&input.name, table, column, span));
    }
    if !others.is_empty() {
        let labels: Vec<String> = others.into_iter().map(label).collect();
        notes.push(format!("{}: left out, words or nothing: {}", input.name, labels.join(", ")));
    }
    Ok(chosen.into_iter().cloned().collect())
}

/// Refuses requests for columns that no file has.
fn missing(wanted: &[String], met: &[bool], offered: &[String]) -> Result<()> {
    let Some(name) = wanted.iter().zip(met).find(|(_, met)| !**met).map(|(name, _)| name) else {
        return Ok(());
    };
    let near = huygens::model::nearest(name, offered.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |n| format!("do you mean `{n}`? "));
    let most = 40;
    let list = offered.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    let more = if offered.len() > most { ", …" } else { "" };
    Err(SignalError::new("", format!("no file has a column `{name}`"), format!("{near}The columns are: {list}{more}")))
}

/// Refuses a signal that holds nothing to analyse.
fn usable(input: &Input, table: &Table, column: &Column) -> Result<()> {
    let file = &input.name;
    if column.values.len() < FEWEST_SAMPLES {
        return Err(too_few(file, column.values.len()));
    }
    let alone = table.columns.len() == 1;
    let which = if alone { "the signal".to_owned() } else { format!("signal {}", label(column)) };
    let help = if alone { "check the recording" } else { "choose the other columns with --columns" };
    let mut finite = column.values.iter().filter(|v| v.is_finite());
    let message = match finite.next() {
        None => format!("{which} holds no number, only missing values"),
        Some(first) if finite.all(|v| v == first) => format!("{which} is constant ({first} throughout)"),
        _ => return Ok(()),
    };
    Err(SignalError::new(file, message, help).at_column(column.number))
}

/// Channels with the names of their columns, with those of the files where a file holds one column.
fn channels(input: &Input, columns: &[&Column], files: usize) -> Vec<Channel> {
    let name = |column: &Column| match (&column.name, columns.len(), files) {
        (Some(name), _, 1) => name.clone(),
        (None, 1, _) => input.stem(),
        (None, _, 1) => format!("x{}", column.number),
        (Some(_), 1, _) => input.stem(),
        (Some(name), ..) => format!("{}.{name}", input.stem()),
        (None, ..) => format!("{}.x{}", input.stem(), column.number),
    };
    columns.iter().map(|c| Channel { name: name(c), values: c.values.clone() }).collect()
}

/// Numbers names that occur twice.
fn distinct(mut channels: Vec<Channel>) -> Vec<Channel> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for channel in &mut channels {
        let count = seen.entry(channel.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            channel.name = format!("{}#{count}", channel.name);
        }
    }
    channels
}
