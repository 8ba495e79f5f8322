//! Tokens to a tree.

use super::ParseError;
use super::lexer::{Token, tokens};
use std::ops::Range;

/// Longest text that is read, in bytes.
pub const MAX_LENGTH: usize = 1_000_000;
/// Deepest nesting of brackets, functions, signs and powers that is read.
pub const MAX_NESTING: usize = 200;

/// A parsed expression with the place of each part in its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// The bytes of the text this part was read from.
    pub span: Range<usize>,
    /// What stands there.
    pub node: Node,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A number.
    Number(f64),
    /// A name.
    Name(String),
    /// `name[index, …]`.
    Index {
        /// The name before the bracket.
        name: String,
        /// The indices.
        indices: Vec<Expr>,
    },
    /// `name(argument, …)`.
    Call {
        /// The function.
        name: String,
        /// Where its name stands.
        name_span: Range<usize>,
        /// The arguments.
        arguments: Vec<Expr>,
    },
    /// Summands, each with whether it is subtracted.
    Sum(Vec<(bool, Expr)>),
    /// Factors, each with whether it divides.
    Product(Vec<(bool, Expr)>),
    /// −x.
    Negative(Box<Expr>),
    /// base ^ exponent.
    Power(Box<Expr>, Box<Expr>),
    /// x†.
    Adjoint(Box<Expr>),
    /// `h.c.`
    HermitianConjugate,
    /// `sum(…, body)`.
    SumOver {
        /// What the sum runs over.
        ranges: Vec<Ranges>,
        /// The summand.
        body: Box<Expr>,
    },
}

/// One clause `j in 1..N`, `(j,k) in links` or `k in links[j]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    /// The bytes of the text this was read from.
    pub span: Range<usize>,
    /// The indices: one, or two for the edges of a network.
    pub variables: Vec<String>,
    /// What they run over.
    pub source: Source,
}

/// What the indices of a clause run over.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// All whole numbers from the first to the last, both included.
    Interval(Box<Expr>, Box<Expr>),
    /// The edges of a network.
    Edges(String, Range<usize>),
    /// The neighbours of one site of a network.
    Neighbours(String, Range<usize>, Box<Expr>),
}

struct Parser<'a> {
    tokens: &'a [(Token, Range<usize>)],
    at: usize,
    depth: usize,
}

/// Reads an expression.
///
/// # Errors
/// A [`ParseError`] at the first place that cannot be read; also if the text is longer than [`MAX_LENGTH`] or nested
/// deeper than [`MAX_NESTING`].
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    let list = prepare(text)?;
    let mut parser = Parser { tokens: &list, at: 0, depth: 0 };
    let expr = parser.sum()?;
    parser.finish()?;
    Ok(expr)
}

/// Reads clauses such as `j in 1..N` or `j in 1..N, k in links[j]`.
///
/// # Errors
/// As [`parse`].
pub fn parse_ranges(text: &str) -> Result<Vec<Ranges>, ParseError> {
    let list = prepare(text)?;
    let mut parser = Parser { tokens: &list, at: 0, depth: 0 };
    let mut clauses = vec![parser.clause()?];
    while *parser.peek() == Token::Comma {
        parser.at += 1;
        clauses.push(parser.clause()?);
    }
    parser.finish()?;
    Ok(clauses)
}

fn prepare(text: &str) -> Result<Vec<(Token, Range<usize>)>, ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(ParseError {
            span: 0..0,
            message: format!("this expression has {} bytes; at most {MAX_LENGTH} are read", text.len()),
            help: Some("write repeated terms as sum(j in 1..N, …)".into()),
        });
    }
    let list = tokens(text)?;
    if list.len() == 1 {
        return Err(ParseError {
            span: 0..text.len(),
            message: "the expression is empty".into(),
            help: Some("write 0 for nothing".into()),
        });
    }
    Ok(list)
}

fn error<T>(span: Range<usize>, message: impl Into<String>, help: Option<&str>) -> Result<T, ParseError> {
    Err(ParseError { span, message: message.into(), help: help.map(str::to_string) })
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }
    fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].0
    }
    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }
    fn previous_end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].1.end
    }
    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            let message = format!("the expression is nested deeper than {MAX_NESTING} levels");
            return error(self.span(), message, Some("split it into named terms"));
        }
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// Everything must have been read.
    fn finish(&self) -> Result<(), ParseError> {
        match self.peek() {
            Token::End => Ok(()),
            Token::Close | Token::CloseIndex => {
                let message = format!("this {} closes no bracket", self.peek().describe());
                error(self.span(), message, Some("remove it or add the opening bracket"))
            }
            Token::Comma | Token::Range => {
                error(self.span(), format!("{} has no place here", self.peek().describe()), None)
            }
            _ => self.missing_operator(),
        }
    }
    fn missing_operator<T>(&self) -> Result<T, ParseError> {
        let before = &self.tokens[self.at.saturating_sub(1)];
        let help = match (&before.0, self.peek()) {
            (Token::Number(_), Token::Name(_)) | (_, Token::Open | Token::Name(_) | Token::Number(_)) => {
                Some("a product is written with `*`")
            }
            _ => None,
        };
        let message = format!("an operation is missing between {} and {}", before.0.describe(), self.peek().describe());
        error(before.1.start..self.span().end, message, help)
    }

    fn sum(&mut self) -> Result<Expr, ParseError> {
        let start = self.span().start;
        let mut terms = Vec::new();
        let mut negative = false;
        match self.peek() {
            Token::Minus => {
                negative = true;
                self.at += 1;
            }
            Token::Plus => self.at += 1,
            _ => {}
        }
        loop {
            terms.push((negative, self.product()?));
            negative = match self.peek() {
                Token::Plus => false,
                Token::Minus => true,
                _ => break,
            };
            self.at += 1;
        }
        let span = start..self.previous_end();
        if let [(false, _)] = terms.as_slice() {
            // A single summand is itself; h.c. alone stays a sum so that the lack of something before it is seen.
            if let Some((_, only)) = terms.pop() {
                if only.node == Node::HermitianConjugate {
                    return Ok(Expr { span, node: Node::Sum(vec![(false, only)]) });
                }
                return Ok(only);
            }
        }
        Ok(Expr { span, node: Node::Sum(terms) })
    }

    fn product(&mut self) -> Result<Expr, ParseError> {
        let start = self.span().start;
        let mut factors = vec![(false, self.factor()?)];
        loop {
            let divide = match self.peek() {
                Token::Times => false,
                Token::Divide => true,
                _ => break,
            };
            self.at += 1;
            factors.push((divide, self.factor()?));
        }
        match (factors.len(), factors.pop()) {
            (1, Some((_, only))) => Ok(only),
            (_, last) => {
                factors.extend(last);
                for (_, f) in &factors {
                    if f.node == Node::HermitianConjugate {
                        return error(
                            f.span.clone(),
                            "h.c. cannot be a factor",
                            Some("put the coupling in brackets with it: g*(x + h.c.)"),
                        );
                    }
                }
                Ok(Expr { span: start..self.previous_end(), node: Node::Product(factors) })
            }
        }
    }

    fn factor(&mut self) -> Result<Expr, ParseError> {
        let start = self.span().start;
        match self.peek() {
            Token::Minus => {
                self.at += 1;
                let inner = self.deeper(Parser::factor)?;
                Ok(Expr { span: start..self.previous_end(), node: Node::Negative(Box::new(inner)) })
            }
            Token::Plus => {
                self.at += 1;
                self.deeper(Parser::factor)
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<Expr, ParseError> {
        let start = self.span().start;
        let mut base = self.primary()?;
        while *self.peek() == Token::Dagger {
            self.at += 1;
            base = Expr { span: start..self.previous_end(), node: Node::Adjoint(Box::new(base)) };
        }
        if *self.peek() == Token::Power {
            self.at += 1;
            let exponent = self.deeper(Parser::factor)?;
            let span = start..self.previous_end();
            return Ok(Expr { span, node: Node::Power(Box::new(base), Box::new(exponent)) });
        }
        Ok(base)
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        let span = self.span();
        let token = self.peek().clone();
        match token {
            Token::Number(x) => {
                self.at += 1;
                Ok(Expr { span, node: Node::Number(x) })
            }
            Token::HermitianConjugate => {
                self.at += 1;
                Ok(Expr { span, node: Node::HermitianConjugate })
            }
            Token::Open => {
                self.at += 1;
                let inner = self.deeper(Parser::sum)?;
                self.close(&Token::Close, &span)?;
                Ok(Expr { span: span.start..self.previous_end(), node: inner.node })
            }
            Token::Name(name) => {
                self.at += 1;
                match self.peek() {
                    Token::Open => self.call(name, span),
                    Token::OpenIndex => {
                        let open = self.span();
                        self.at += 1;
                        let indices = self.deeper(|p| p.list(&Token::CloseIndex))?;
                        self.close(&Token::CloseIndex, &open)?;
                        Ok(Expr { span: span.start..self.previous_end(), node: Node::Index { name, indices } })
                    }
                    _ => Ok(Expr { span, node: Node::Name(name) }),
                }
            }
            Token::End => {
                let before = self.tokens.get(self.at.wrapping_sub(1));
                let help = before.map(|(before, _)| format!("something must follow {}", before.describe()));
                error(span, "the expression ends too early", help.as_deref())
            }
            Token::Close | Token::CloseIndex => {
                error(span, format!("a quantity is expected before {}", token.describe()), None)
            }
            _ => error(span, format!("a number, a name or a bracket is expected here, not {}", token.describe()), None),
        }
    }

    fn call(&mut self, name: String, name_span: Range<usize>) -> Result<Expr, ParseError> {
        let open = self.span();
        self.at += 1;
        if name == "sum" {
            return self.sum_over(name_span, &open);
        }
        let arguments = self.deeper(|p| p.list(&Token::Close))?;
        self.close(&Token::Close, &open)?;
        Ok(Expr { span: name_span.start..self.previous_end(), node: Node::Call { name, name_span, arguments } })
    }

    fn list(&mut self, closing: &Token) -> Result<Vec<Expr>, ParseError> {
        let mut items = Vec::new();
        if self.peek() == closing {
            return Ok(items);
        }
        loop {
            items.push(self.sum()?);
            if *self.peek() != Token::Comma {
                return Ok(items);
            }
            self.at += 1;
        }
    }

    fn close(&mut self, closing: &Token, open: &Range<usize>) -> Result<(), ParseError> {
        if self.peek() == closing {
            self.at += 1;
            return Ok(());
        }
        match self.peek() {
            Token::End => {
                let message = "this bracket is never closed";
                let help = format!("add {} after what belongs inside", closing.describe());
                error(open.clone(), message, Some(&help))
            }
            Token::Close | Token::CloseIndex => {
                let message = format!("{} closes a bracket of the other kind", self.peek().describe());
                let help = format!("{} is expected here", closing.describe());
                error(self.span(), message, Some(&help))
            }
            Token::Comma => error(self.span(), "a bracket holds one expression: the comma has no place here", None),
            Token::Range => error(self.span(), "a range has no place here", Some("ranges stand in sum(j in 1..N, …)")),
            _ => self.missing_operator(),
        }
    }

    fn sum_over(&mut self, name_span: Range<usize>, open: &Range<usize>) -> Result<Expr, ParseError> {
        let mut ranges = Vec::new();
        let usage = Some("write sum(j in 1..N, …) or sum((j,k) in links, …)");
        while self.at_clause() {
            ranges.push(self.clause()?);
            if *self.peek() != Token::Comma {
                return error(self.span(), "a comma and the summand are expected here", usage);
            }
            self.at += 1;
        }
        if ranges.is_empty() {
            return error(self.span(), "the sum does not say what it runs over", usage);
        }
        let body = self.deeper(Parser::sum)?;
        if *self.peek() == Token::Comma {
            return error(self.span(), "the sum has more than one summand", usage);
        }
        self.close(&Token::Close, open)?;
        let span = name_span.start..self.previous_end();
        Ok(Expr { span, node: Node::SumOver { ranges, body: Box::new(body) } })
    }

    fn at_clause(&self) -> bool {
        let is_in = |t: &Token| matches!(t, Token::Name(n) if n == "in");
        let is_name = |t: &Token| matches!(t, Token::Name(_));
        if is_name(self.peek()) && is_in(self.peek_at(1)) {
            return true;
        }
        *self.peek() == Token::Open
            && is_name(self.peek_at(1))
            && *self.peek_at(2) == Token::Comma
            && is_name(self.peek_at(3))
            && *self.peek_at(4) == Token::Close
            && is_in(self.peek_at(5))
    }

    fn variable(&mut self) -> Result<String, ParseError> {
        let span = self.span();
        match self.peek().clone() {
            Token::Name(name) => {
                if super::scope::RESERVED.contains(&name.as_str()) {
                    let meaning = match name.as_str() {
                        "i" => "the imaginary unit",
                        "t" => "the time",
                        _ => "a number",
                    };
                    return error(span, format!("`{name}` is {meaning} and cannot be an index"), Some("use j, k or l"));
                }
                self.at += 1;
                Ok(name)
            }
            other => error(span, format!("the name of an index is expected here, not {}", other.describe()), None),
        }
    }

    fn clause(&mut self) -> Result<Ranges, ParseError> {
        let start = self.span().start;
        let mut variables = Vec::new();
        if *self.peek() == Token::Open {
            let open = self.span();
            self.at += 1;
            variables.push(self.variable()?);
            if *self.peek() != Token::Comma {
                return error(self.span(), "a pair of indices is written (j,k)", None);
            }
            self.at += 1;
            let second = self.span();
            variables.push(self.variable()?);
            if variables[0] == variables[1] {
                return error(second, format!("the index `{}` occurs twice", variables[0]), None);
            }
            self.close(&Token::Close, &open)?;
        } else {
            variables.push(self.variable()?);
        }
        match self.peek() {
            Token::Name(n) if n == "in" => self.at += 1,
            other => {
                let message = format!("`in` is expected here, not {}", other.describe());
                return error(self.span(), message, Some("write j in 1..N or (j,k) in links"));
            }
        }
        let first = self.deeper(Parser::sum)?;
        let source = if *self.peek() == Token::Range {
            self.at += 1;
            let last = self.deeper(Parser::sum)?;
            if variables.len() != 1 {
                let span = first.span.start..last.span.end;
                return error(span, "a range has one index, not two", Some("write j in 1..N, k in 1..N"));
            }
            Source::Interval(Box::new(first), Box::new(last))
        } else {
            match (first.node, variables.len()) {
                (Node::Name(name), 2) => Source::Edges(name, first.span),
                (Node::Index { name, mut indices }, 1) if indices.len() == 1 => match indices.pop() {
                    Some(site) => Source::Neighbours(name, first.span, Box::new(site)),
                    None => return error(first.span, "the site is missing", None),
                },
                (Node::Name(name), 1) => {
                    let help = format!(
                        "the edges of a network have two indices, (j,k) in {name}; the neighbours of j are k in {name}[j]; \
                         a range is written 1..{name}"
                    );
                    return error(first.span, "one index cannot run over this", Some(&help));
                }
                _ => {
                    return error(
                        first.span,
                        "a range or a network is expected here",
                        Some("write j in 1..N, (j,k) in links or k in links[j]"),
                    );
                }
            }
        };
        Ok(Ranges { span: start..self.previous_end(), variables, source })
    }
}
