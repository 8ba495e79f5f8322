//! Networks from tables of numbers: a CSV file with a matrix or an edge list.

use std::collections::BTreeMap;
use std::ops::Range;

/// How the cells are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A square matrix of weights, row = from, column = to.
    Matrix,
    /// Rows `from, to` or `from, to, weight`.
    Edges,
}

/// What the model file says about the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Matrix or edge list; found out from the table where it is not given.
    pub format: Option<Format>,
    /// Whether an edge `j, k` stands for the one direction only. A matrix always says both directions itself.
    pub directed: bool,
    /// Number of the first node in an edge list, 0 or 1 (default).
    pub first: Option<usize>,
    /// Number of nodes; the largest node of an edge list where it is not given.
    pub size: Option<usize>,
}

/// Directed entries over `size` nodes, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjacency {
    /// Number of nodes.
    pub size: usize,
    /// Entries (from, to, weight).
    pub entries: Vec<(usize, usize, f64)>,
}

/// A table that is no network: which bytes, what, and the cure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TableError {
    /// The bytes it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl TableError {
    fn new(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        let help = help.into();
        Self { span, message: message.into(), help: (!help.is_empty()).then_some(help) }
    }
}

type Cell<'a> = (Range<usize>, &'a str);

/// Reads a table separated by commas, semicolons, tabs or spaces.
///
/// Lines that start with `#` and empty lines are skipped. A first row that holds a word is a header; a first column under an
/// empty or worded header cell that makes the table one column wider than high holds labels.
pub fn parse(text: &str, options: Options) -> Result<Adjacency, TableError> {
    let mut rows = cells(text);
    let header = rows.first().is_some_and(|row| row.iter().any(|(_, cell)| number(cell).is_none()));
    let head: Option<Vec<Cell<'_>>> = header.then(|| rows.remove(0));
    let Some(first) = rows.first() else {
        return Err(TableError::new(
            0..text.len().min(1),
            "the table holds no numbers",
            "give a square matrix or rows `from,to,weight`",
        ));
    };
    let named_edges = head.as_ref().is_some_and(|row| {
        let is = |k: usize, names: &[&str]| {
            row.get(k).is_some_and(|(_, cell)| names.contains(&cell.trim_matches('"').to_lowercase().as_str()))
        };
        is(0, &["from", "source", "i", "j", "node1", "src"]) && is(1, &["to", "target", "j", "k", "node2", "dst"])
    });
    // A column of labels makes a matrix one column wider than high.
    let labelled = options.format != Some(Format::Edges)
        && !named_edges
        && first.len() == rows.len() + 1
        && (head
            .as_ref()
            .is_some_and(|h| h.len() == rows.len() || h.first().is_some_and(|(_, c)| number(c).is_none()))
            || rows.iter().all(|row| row.first().is_some_and(|(_, c)| number(c).is_none())));
    let width = first.len();
    let format = match options.format {
        Some(format) => format,
        None if named_edges => Format::Edges,
        None if labelled => Format::Matrix,
        None => guess(&rows, width, text)?,
    };
    for row in &rows {
        if row.len() != width {
            let span = row.first().map_or(0..0, |(s, _)| s.start..row.last().map_or(s.end, |(e, _)| e.end));
            return Err(TableError::new(
                span,
                format!("this row has {} cells, the rows above have {width}", row.len()),
                "give every row the same number of cells",
            ));
        }
    }
    match format {
        Format::Matrix => matrix(&rows, width, usize::from(labelled), options),
        Format::Edges => edges(&rows, width, options),
    }
}

fn cells(text: &str) -> Vec<Vec<Cell<'_>>> {
    let separator = [';', '\t', ',']
        .into_iter()
        .find(|c| text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains(*c)));
    let mut rows = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        if content.trim().is_empty() || content.trim_start().starts_with('#') {
            continue;
        }
        let mut row = Vec::new();
        let mut push = |from: usize, piece: &'_ str| {
            let lead = piece.len() - piece.trim_start().len();
            let body_len = piece.trim().len();
            row.push(begin + from + lead..begin + from + lead + body_len);
        };
        match separator {
            Some(c) => {
                let mut from = 0;
                for piece in content.split(c) {
                    push(from, piece);
                    from += piece.len() + c.len_utf8();
                }
            }
            None => {
                for piece in content.split_whitespace() {
                    push(piece.as_ptr() as usize - content.as_ptr() as usize, piece);
                }
            }
        }
        rows.push(row.into_iter().map(|span| (span.clone(), &text[span])).collect());
    }
    rows
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

fn guess(rows: &[Vec<Cell<'_>>], width: usize, text: &str) -> Result<Format, TableError> {
    let square = rows.len() == width;
    let edge_like = (width == 2 || width == 3)
        && rows
            .iter()
            .all(|row| row.iter().take(2).all(|(_, c)| number(c).is_some_and(|x| x >= 0.0 && x.fract() == 0.0)));
    match (square, edge_like) {
        (true, true) => {
            let zero_diagonal =
                rows.iter().enumerate().all(|(j, row)| row.get(j).and_then(|(_, c)| number(c)) == Some(0.0));
            if zero_diagonal {
                return Ok(Format::Matrix);
            }
            let span = rows[0][0].0.start..rows[0][width - 1].0.end;
            Err(TableError::new(
                span,
                format!("{width} rows of {width} whole numbers can be a matrix or an edge list"),
                "say which: links = { csv = \"…\", format = \"matrix\" } or format = \"edges\"",
            ))
        }
        (true, false) => Ok(Format::Matrix),
        (false, true) => Ok(Format::Edges),
        (false, false) => {
            let span =
                rows.first().and_then(|r| Some(r.first()?.0.start..r.last()?.0.end)).unwrap_or(0..text.len().min(1));
            Err(TableError::new(
                span,
                format!("{} rows of {width} cells are neither a square matrix nor an edge list", rows.len()),
                "give N rows of N weights, or rows `from,to` or `from,to,weight`",
            ))
        }
    }
}

fn value(cell: &Cell<'_>) -> Result<f64, TableError> {
    match number(cell.1) {
        Some(x) if x.is_finite() => Ok(x),
        Some(x) => Err(TableError::new(cell.0.clone(), format!("a weight must be a finite number, here is {x}"), "")),
        None if cell.1.is_empty() => {
            Err(TableError::new(cell.0.clone(), "this cell is empty", "write 0 where there is no link"))
        }
        None => Err(TableError::new(cell.0.clone(), format!("expected a number, found `{}`", shorten(cell.1)), "")),
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() > 24 { format!("{}…", text.chars().take(24).collect::<String>()) } else { text.into() }
}

fn matrix(rows: &[Vec<Cell<'_>>], width: usize, skip: usize, options: Options) -> Result<Adjacency, TableError> {
    let size = width - skip;
    let whole = || rows[0][0].0.start..rows[0][width - 1].0.end;
    if rows.len() != size {
        return Err(TableError::new(
            whole(),
            format!("a matrix of weights must be square, here are {} rows of {size}", rows.len()),
            "for rows `from,to,weight` say format = \"edges\"",
        ));
    }
    if let Some(wanted) = options.size.filter(|&n| n != size) {
        return Err(TableError::new(
            whole(),
            format!("the matrix has {size} nodes, the model file says size = {wanted}"),
            "",
        ));
    }
    let mut entries = Vec::new();
    for (j, row) in rows.iter().enumerate() {
        for (k, cell) in row[skip..].iter().enumerate() {
            let weight = value(cell)?;
            if weight == 0.0 {
                continue;
            }
            if j == k {
                return Err(TableError::new(
                    cell.0.clone(),
                    format!("node {} is linked with itself", j + 1),
                    "write 0 on the diagonal; self-interaction is a term of its own",
                ));
            }
            entries.push((j + 1, k + 1, weight));
        }
    }
    Ok(Adjacency { size, entries })
}

fn edges(rows: &[Vec<Cell<'_>>], width: usize, options: Options) -> Result<Adjacency, TableError> {
    if width != 2 && width != 3 {
        return Err(TableError::new(
            rows[0][0].0.start..rows[0][width - 1].0.end,
            format!("an edge has the cells `from,to` or `from,to,weight`, here are {width}"),
            "for a square matrix say format = \"matrix\"",
        ));
    }
    let first = options.first.unwrap_or(1);
    let node = |cell: &Cell<'_>| -> Result<usize, TableError> {
        let x = value(cell)?;
        if x.fract() != 0.0 || !(0.0..=1e9).contains(&x) {
            return Err(TableError::new(
                cell.0.clone(),
                format!("expected the number of a node, found `{}`", shorten(cell.1)),
                "",
            ));
        }
        if (x as usize) < first {
            return Err(TableError::new(
                cell.0.clone(),
                format!("nodes are counted from {first}, found {x}"),
                "for a list that counts from 0 say first = 0",
            ));
        }
        Ok(x as usize - first + 1)
    };
    let mut seen: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let mut entries = Vec::new();
    let mut largest = 0;
    for row in rows {
        let (from, to) = (node(&row[0])?, node(&row[1])?);
        let weight = row.get(2).map_or(Ok(1.0), value)?;
        let span = row[0].0.start..row[width - 1].0.end;
        if let Some(size) = options.size.filter(|&n| from > n || to > n) {
            return Err(TableError::new(
                span,
                format!("this edge leaves the {size} nodes the model file speaks of"),
                "",
            ));
        }
        largest = largest.max(from).max(to);
        if from == to {
            return Err(TableError::new(
                span,
                "this edge links a node with itself",
                "write self-interaction as a term of its own",
            ));
        }
        let key = if options.directed { (from, to) } else { (from.min(to), from.max(to)) };
        if let Some(before) = seen.insert(key, weight) {
            let help = if options.directed {
                ""
            } else {
                "for a list that gives each direction by itself say directed = true"
            };
            return Err(TableError::new(span, format!("this edge is given twice, before with weight {before}"), help));
        }
        entries.push((from, to, weight));
        if !options.directed {
            entries.push((to, from, weight));
        }
    }
    Ok(Adjacency { size: options.size.unwrap_or(largest), entries })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Adjacency, TableError> {
        parse(text, Options::default())
    }

    #[test]
    fn a_matrix_reads_the_same_in_every_dress() {
        let expected = Adjacency { size: 3, entries: vec![(1, 2, 1.0), (2, 1, 1.0), (2, 3, 0.5), (3, 2, 0.5)] };
        for text in [
            "0,1,0\n1,0,0.5\n0,0.5,0\n",
            "# made by hand\n0;1;0\r\n1;0;0.5\r\n0;0.5;0\r\n",
            "0 1 0\n1 0 0.5\n\n  0   0.5  0",
            "a,b,c\n0,1,0\n1,0,0.5\n0,0.5,0\n",
            ",a,b,c\na,0,1,0\nb,1,0,0.5\nc,0,0.5,0\n",
            ",0,1,2\n0,0,1,0\n1,1,0,0.5\n2,0,0.5,0\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_edge_list_gives_both_directions_unless_it_is_directed() {
        let text = "from,to,weight\n1,2,0.5\n2,4,1\n";
        assert_eq!(
            read(text).unwrap(),
            Adjacency { size: 4, entries: vec![(1, 2, 0.5), (2, 1, 0.5), (2, 4, 1.0), (4, 2, 1.0)] }
        );
        let directed = parse(text, Options { directed: true, ..Options::default() }).unwrap();
        assert_eq!(directed.entries, [(1, 2, 0.5), (2, 4, 1.0)]);
        let zero = parse("0 1\n1 2\n2 3\n", Options { first: Some(0), size: Some(5), ..Options::default() }).unwrap();
        assert_eq!((zero.size, zero.entries.len()), (5, 6));
    }

    #[test]
    fn what_cannot_be_read_is_refused_at_the_cell() {
        let at = |text: &str| {
            let error = read(text).unwrap_err();
            (text[error.span.clone()].to_string(), error.message, error.help)
        };
        let (cell, message, _) = at("0,1,0\n1,0,x\n0,1,0\n");
        assert_eq!((cell.as_str(), message.as_str()), ("x", "expected a number, found `x`"));
        let (cell, message, _) = at("a,b,c\n0,1,0\n1,0,nan\n0,1,0\n");
        assert_eq!((cell.as_str(), message.as_str()), ("nan", "a weight must be a finite number, here is NaN"));
        let (cell, message, _) = at("0,1,0\n1,0\n0,1,0\n");
        assert_eq!((cell.as_str(), message.as_str()), ("1,0", "this row has 2 cells, the rows above have 3"));
        let (cell, message, _) = at("0,1,0\n1,0.5,2.5\n0,1,0\n");
        assert_eq!((cell.as_str(), message.as_str()), ("0.5", "node 2 is linked with itself"));
        let (_, message, help) = at("1,2,3\n2,3,1\n3,1,1\n");
        assert!(message.contains("can be a matrix or an edge list") && help.unwrap().contains("format"));
        let (cell, message, help) = at("1,2\n0,1\n2,3\n");
        assert_eq!((cell.as_str(), message.as_str()), ("0", "nodes are counted from 1, found 0"));
        assert!(help.unwrap().contains("first = 0"));
        let (_, message, help) = at("1,2\n2,1\n2,3\n");
        assert!(message.contains("given twice") && help.unwrap().contains("directed = true"));
        assert!(read("").unwrap_err().message.contains("no numbers"));
        assert!(read("1,2,3,4\n1,2,3,4\n").unwrap_err().message.contains("neither a square matrix nor an edge list"));
    }
}
