//! From a byte of a value back to a byte of the TOML file it was written in.

use std::collections::BTreeMap;
use std::ops::Range;

/// Where a value stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The bytes of the token, quotes included.
    pub(crate) span: Range<usize>,
    /// For each byte of the value and its end, the byte of the file it was written as; empty where the value is no string.
    offsets: Vec<usize>,
}

impl Token {
    /// A token that is shown as a whole.
    pub(crate) fn whole(span: Range<usize>) -> Self {
        Self { span, offsets: Vec::new() }
    }

    /// A string token of the file with the value it stands for.
    pub(crate) fn string(document: &str, span: Range<usize>, value: &str) -> Self {
        let offsets = document
            .get(span.clone())
            .and_then(decode)
            .filter(|(decoded, _)| decoded == value)
            .map(|(_, offsets)| offsets.into_iter().map(|o| o + span.start).collect())
            .unwrap_or_default();
        Self { span, offsets }
    }

    /// The bytes of the file behind some bytes of the value; the whole token where they cannot be told.
    pub(crate) fn resolve(&self, within: Option<&Range<usize>>) -> Range<usize> {
        let Some(within) = within else {
            return self.span.clone();
        };
        match (self.offsets.get(within.start), self.offsets.get(within.end)) {
            (Some(&start), Some(&end)) if start <= end => start..end,
            (Some(&start), _) => start..self.span.end.max(start),
            _ => self.span.clone(),
        }
    }
}

/// All tokens of a file by the path of their field.
pub(crate) type Places = BTreeMap<String, Token>;

/// The value of a TOML string token and, for each of its bytes and its end, the byte of the token it was written as.
fn decode(token: &str) -> Option<(String, Vec<usize>)> {
    let (quote, literal) = match token {
        t if t.starts_with("\"\"\"") => (3, false),
        t if t.starts_with("'''") => (3, true),
        t if t.starts_with('"') => (1, false),
        t if t.starts_with('\'') => (1, true),
        _ => {
            // A bare key, or a token without quotes.
            let offsets = (0..=token.len()).collect();
            return Some((token.to_owned(), offsets));
        }
    };
    if token.len() < 2 * quote {
        return None;
    }
    let end = token.len() - quote;
    let mut at = quote;
    if quote == 3 {
        if token[at..].starts_with("\r\n") {
            at += 2;
        } else if token[at..].starts_with('\n') {
            at += 1;
        }
    }
    let mut value = String::new();
    let mut offsets = Vec::new();
    let mut push = |value: &mut String, c: char, from: usize| {
        value.push(c);
        // Each byte of the value points at the start of what it was written as.
        offsets.extend(std::iter::repeat_n(from, c.len_utf8()));
    };
    while at < end {
        let c = token[at..].chars().next()?;
        if c != '\\' || literal {
            push(&mut value, c, at);
            at += c.len_utf8();
            continue;
        }
        let from = at;
        let escape = token[at + 1..].chars().next()?;
        at += 1 + escape.len_utf8();
        let code = |from: usize, digits: usize| {
            token.get(from..from + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32)
        };
        match escape {
            'b' => push(&mut value, '\u{8}', from),
            't' => push(&mut value, '\t', from),
            'n' => push(&mut value, '\n', from),
            'f' => push(&mut value, '\u{c}', from),
            'r' => push(&mut value, '\r', from),
            'e' => push(&mut value, '\u{1b}', from),
            '"' | '\\' => push(&mut value, escape, from),
            'x' | 'u' | 'U' => {
                let digits = match escape {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                push(&mut value, code(at, digits)?, from);
                at += digits;
            }
            // A backslash at the end of a line swallows the white space up to the next word.
            c if c.is_whitespace() => {
                let rest = &token[at..end];
                at += rest.len() - rest.trim_start().len();
            }
            _ => return None,
        }
    }
    offsets.push(end);
    Some((value, offsets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(document: &str, value: &str, word: &str) -> String {
        let token = Token::string(document, 0..document.len(), value);
        let at = value.find(word).unwrap();
        document[token.resolve(Some(&(at..at + word.len())))].to_owned()
    }

    #[test]
    fn every_way_to_write_a_string_leads_back_to_the_word() {
        assert_eq!(behind("\"omega*n(b1)\"", "omega*n(b1)", "n(b1)"), "n(b1)");
        assert_eq!(behind("'omega*n(b1)'", "omega*n(b1)", "n(b1)"), "n(b1)");
        assert_eq!(behind("\"\"\"\nomega*\n  n(b1)\"\"\"", "omega*\n  n(b1)", "n(b1)"), "n(b1)");
        assert_eq!(behind("'''omega*\n  n(b1)'''", "omega*\n  n(b1)", "n(b1)"), "n(b1)");
        assert_eq!(behind("\"\"\"omega* \\\n   n(b1)\"\"\"", "omega* n(b1)", "n(b1)"), "n(b1)");
        assert_eq!(behind("\"\\u03c9 * nn\"", "ω * nn", "nn"), "nn");
        assert_eq!(behind("\"\\u03c9 * nn\"", "ω * nn", "ω"), "\\u03c9");
        assert_eq!(behind("\"ω*\\tnn\"", "ω*\tnn", "nn"), "nn");
    }

    #[test]
    fn what_does_not_decode_is_shown_whole() {
        let token = Token::string("\"abc\"", 0..5, "something else");
        assert_eq!(token.resolve(Some(&(1..2))), 0..5);
        let token = Token::whole(3..9);
        assert_eq!(token.resolve(Some(&(0..1))), 3..9);
        assert_eq!(token.resolve(None), 3..9);
    }
}
