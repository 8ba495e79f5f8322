//! Text with formulas, set as outlines of an embedded font.
//!
//! A text is plain except between dollar signs, where it is a small part of TeX's mathematics: `S_c`, `q_-^2`,
//! `\mu/\omega_1`, `\langle q_-^2\rangle`, `\bar n`, `\sqrt{2\kappa}`, `\frac{a}{b}`, `\mathrm{max}`. So the name of a
//! measure, `complete_sync(b1,b2)`, is safe as it stands. `\$` is a dollar sign. A command that is not known is set as
//! it was written: a label never makes a figure fail.
//!
//! The glyphs are those of DejaVu Sans Condensed (free licence, see the crate `dejavu`), placed with its own advances
//! and kerning. A figure carries their outlines, so it looks the same in every viewer and needs no font there.

use std::sync::OnceLock;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// One of the two faces in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slant {
    Upright,
    Italic,
}

struct Fonts {
    upright: Face<'static>,
    italic: Face<'static>,
}

fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    let face = |bytes| Face::parse(bytes, 0).expect("the embedded fonts are well-formed");
    FONTS.get_or_init(|| Fonts {
        upright: face(dejavu::sans_condensed::regular()),
        italic: face(dejavu::sans_condensed::oblique()),
    })
}

fn face(slant: Slant) -> &'static Face<'static> {
    match slant {
        Slant::Upright => &fonts().upright,
        Slant::Italic => &fonts().italic,
    }
}

/// The face that has the character, and its glyph there; the empty box if neither has it.
fn glyph(c: char, slant: Slant) -> (Slant, GlyphId) {
    if let Some(id) = face(slant).glyph_index(c) {
        return (slant, id);
    }
    let id = face(Slant::Upright).glyph_index(c).unwrap_or(GlyphId(0));
    (Slant::Upright, id)
}

fn units(slant: Slant) -> f64 {
    f64::from(face(slant).units_per_em())
}

fn advance(slant: Slant, id: GlyphId) -> f64 {
    f64::from(face(slant).glyph_hor_advance(id).unwrap_or(0)) / units(slant)
}

fn kerning(slant: Slant, left: GlyphId, right: GlyphId) -> f64 {
    let Some(table) = face(slant).tables().kern else {
        return 0.0;
    };
    let horizontal = table.subtables.into_iter().filter(|s| s.horizontal && !s.variable);
    let pair = horizontal.filter_map(|s| s.glyphs_kerning(left, right)).next();
    f64::from(pair.unwrap_or(0)) / units(slant)
}

/// The outline of a glyph as SVG path data, in units of the em, y upwards turned downwards.
pub(crate) fn outline(slant: Slant, id: u16) -> String {
    struct Path(String, f64);
    impl Path {
        fn put(&mut self, command: char, points: &[(f32, f32)]) {
            self.0.push(command);
            for (i, (x, y)) in points.iter().enumerate() {
                if i > 0 {
                    self.0.push(' ');
                }
                // Thousandths of an em are a few nanometres in print.
                let scale = 1000.0 / self.1;
                let x = (f64::from(*x) * scale).round();
                let y = (-f64::from(*y) * scale).round();
                self.0.push_str(&format!("{x} {y}"));
            }
        }
    }
    impl OutlineBuilder for Path {
        fn move_to(&mut self, x: f32, y: f32) {
            self.put('M', &[(x, y)]);
        }
        fn line_to(&mut self, x: f32, y: f32) {
            self.put('L', &[(x, y)]);
        }
        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            self.put('Q', &[(x1, y1), (x, y)]);
        }
        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            self.put('C', &[(x1, y1), (x2, y2), (x, y)]);
        }
        fn close(&mut self) {
            self.0.push('Z');
        }
    }
    let mut path = Path(String::new(), units(slant));
    face(slant).outline_glyph(GlyphId(id), &mut path);
    path.0
}

/// Height of a capital letter in ems.
pub(crate) const CAP_HEIGHT: f64 = 0.729;
/// Height above the base line on which a minus sign lies, in ems.
const MATH_AXIS: f64 = 0.314;
/// Thickness of fraction bars and roots, in ems.
const RULE: f64 = 0.06;

/// A piece of a text that has been set: positions relative to its base line, y downwards, in points.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Glyph {
        slant: Slant,
        id: u16,
        x: f64,
        y: f64,
        size: f64,
    },
    Rule {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
    },
    /// A line through points, as the sign of a root.
    Stroke {
        points: Vec<(f64, f64)>,
        width: f64,
    },
}

/// A text that has been set.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetText {
    pub pieces: Vec<Piece>,
    pub width: f64,
    /// Extent above and below the base line.
    pub ascent: f64,
    pub descent: f64,
    /// The text without markup, for readers by ear.
    pub plain: String,
}

impl SetText {
    pub fn height(&self) -> f64 {
        self.ascent + self.descent
    }
}

/// Sets a line of text in the given size (points).
pub(crate) fn set(text: &str, size: f64) -> SetText {
    let mut row = Row { size, ..Row::default() };
    row.grow(CAP_HEIGHT * size, 0.2 * size);
    for (math, part) in split(text) {
        if math {
            row.formula(&parse(&part), true);
        } else {
            for c in part.chars() {
                row.character(c, Slant::Upright);
            }
        }
        row.last = None;
    }
    row.finish()
}

/// Breaks a text into lines no wider than `width`; only plain spaces outside of formulas can break.
pub(crate) fn wrap(text: &str, size: f64, width: f64) -> Vec<SetText> {
    let mut words = vec![String::new()];
    for (math, part) in split(text) {
        if math {
            let word = words.last_mut().expect("one word at least");
            word.push('$');
            word.push_str(&part);
            word.push('$');
            continue;
        }
        for (i, piece) in part.split(char::is_whitespace).enumerate() {
            if i > 0 {
                words.push(String::new());
            }
            words.last_mut().expect("one word at least").push_str(&piece.replace('$', "\\$"));
        }
    }
    let mut lines: Vec<SetText> = vec![];
    let mut line = String::new();
    for word in words.into_iter().filter(|w| !w.is_empty()) {
        let longer = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
        if !line.is_empty() && set(&longer, size).width > width {
            lines.push(set(&line, size));
            line = word;
        } else {
            line = longer;
        }
    }
    if !line.is_empty() {
        lines.push(set(&line, size));
    }
    lines
}

/// The alternating plain and mathematical parts of a text.
fn split(text: &str) -> Vec<(bool, String)> {
    let mut parts = vec![(false, String::new())];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = parts.last_mut().expect("one part at least");
        if c == '\\' && chars.peek() == Some(&'$') {
            chars.next();
            last.1.push('$');
        } else if c == '$' {
            let math = !last.0;
            parts.push((math, String::new()));
        } else {
            last.1.push(if c.is_control() { ' ' } else { c });
        }
    }
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

/// Deeper nesting than this is set flat: no label has it.
const MAX_DEPTH: usize = 8;

/// A formula as a tree.
#[derive(Clone, Debug)]
enum Node {
    Char(char, Slant),
    Space(f64),
    Group(Vec<Node>),
    Script { base: Box<Node>, sub: Option<Box<Node>>, sup: Option<Box<Node>> },
    Accent(char, Box<Node>),
    Bar(Box<Node>),
    Sqrt(Box<Node>),
    Frac(Box<Node>, Box<Node>),
}

fn parse(source: &str) -> Vec<Node> {
    let chars: Vec<char> = source.chars().collect();
    let mut at = 0;
    let mut nodes = vec![];
    while at < chars.len() {
        // A brace too many is skipped.
        if chars[at] == '}' {
            at += 1;
            continue;
        }
        nodes.extend(sequence(&chars, &mut at, 0));
    }
    nodes
}

/// Nodes up to a closing brace or the end.
fn sequence(chars: &[char], at: &mut usize, depth: usize) -> Vec<Node> {
    let mut nodes: Vec<Node> = vec![];
    while *at < chars.len() && chars[*at] != '}' {
        match chars[*at] {
            ' ' => *at += 1,
            '\'' => {
                *at += 1;
                let base = nodes.pop().unwrap_or(Node::Group(vec![]));
                nodes.push(attach(base, Node::Char('′', Slant::Upright), true));
            }
            mark @ ('_' | '^') => {
                *at += 1;
                let script = argument(chars, at, depth);
                let base = nodes.pop().unwrap_or(Node::Group(vec![]));
                nodes.push(attach(base, script, mark == '^'));
            }
            _ => nodes.push(argument(chars, at, depth)),
        }
    }
    nodes
}

/// Adds an upper or lower script to a base, joining it with one that is there.
fn attach(base: Node, script: Node, upper: bool) -> Node {
    let (base, mut sub, mut sup) = match base {
        Node::Script { base, sub, sup } => (base, sub, sup),
        other => (Box::new(other), None, None),
    };
    let place = if upper { &mut sup } else { &mut sub };
    let joined = match place.take() {
        Some(first) => Node::Group(vec![*first, script]),
        None => script,
    };
    *place = Some(Box::new(joined));
    Node::Script { base, sub, sup }
}

/// One character, group or command with its arguments.
fn argument(chars: &[char], at: &mut usize, depth: usize) -> Node {
    while *at < chars.len() && chars[*at] == ' ' {
        *at += 1;
    }
    let Some(&c) = chars.get(*at) else {
        return Node::Group(vec![]);
    };
    if c == '{' && depth < MAX_DEPTH {
        *at += 1;
        let inner = sequence(chars, at, depth + 1);
        *at += usize::from(chars.get(*at) == Some(&'}'));
        return Node::Group(inner);
    }
    *at += 1;
    if c != '\\' {
        return Node::Char(if c == '-' { '−' } else { c }, letter_slant(c));
    }
    let start = *at;
    while *at < chars.len() && chars[*at].is_ascii_alphabetic() {
        *at += 1;
    }
    if *at == start {
        // A single sign: spaces, or a sign that stands for itself.
        let Some(&sign) = chars.get(*at) else {
            return Node::Char('\\', Slant::Upright);
        };
        *at += 1;
        return match sign {
            ',' => Node::Space(0.17),
            ':' => Node::Space(0.22),
            ';' => Node::Space(0.28),
            ' ' => Node::Space(0.3),
            '!' => Node::Space(-0.17),
            '|' => Node::Char('‖', Slant::Upright),
            other => Node::Char(other, Slant::Upright),
        };
    }
    let name: String = chars[start..*at].iter().collect();
    if depth >= MAX_DEPTH {
        return upright(&name);
    }
    let next = |at: &mut usize| Box::new(argument(chars, at, depth + 1));
    match name.as_str() {
        "mathrm" | "text" | "rm" | "operatorname" => {
            // Spaces count in upright text.
            let text: String = match chars.get(*at) {
                Some('{') => chars[*at + 1..].iter().take_while(|c| **c != '}').collect(),
                _ => return *next(at),
            };
            *at = (*at + text.chars().count() + 2).min(chars.len());
            upright(&text)
        }
        "bar" | "overline" => Node::Bar(next(at)),
        "hat" => Node::Accent('\u{2c6}', next(at)),
        "tilde" => Node::Accent('\u{2dc}', next(at)),
        "dot" => Node::Accent('\u{2d9}', next(at)),
        "ddot" => Node::Accent('\u{a8}', next(at)),
        "vec" => Node::Accent('→', next(at)),
        "sqrt" => Node::Sqrt(next(at)),
        "frac" => {
            let upper = next(at);
            Node::Frac(upper, next(at))
        }
        "left" | "right" => Node::Group(vec![]),
        "quad" => Node::Space(1.0),
        "sin" | "cos" | "tan" | "exp" | "ln" | "log" | "max" | "min" | "arg" | "det" | "tr" | "Tr" | "tanh" => {
            upright(&name)
        }
        _ => match symbol(&name) {
            Some(c) => Node::Char(c, letter_slant(c)),
            None => upright(&format!("\\{name}")),
        },
    }
}

fn upright(text: &str) -> Node {
    Node::Group(text.chars().map(|c| Node::Char(c, Slant::Upright)).collect())
}

/// Letters of quantities are italic; digits, signs and Greek capitals are not.
fn letter_slant(c: char) -> Slant {
    let greek = ('α'..='ω').contains(&c) || matches!(c, 'ϕ' | 'ϵ' | 'ϑ');
    if c.is_ascii_alphabetic() || greek { Slant::Italic } else { Slant::Upright }
}

/// The commands for single characters, each followed by its character.
const SYMBOLS: &str = "
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ iota ι kappa κ
    lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ
    omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
    langle ⟨ rangle ⟩ pm ± mp ∓ times × cdot · infty ∞ partial ∂ hbar ℏ dagger † approx ≈
    simeq ≃ sim ∼ neq ≠ ne ≠ leq ≤ le ≤ geq ≥ ge ≥ ll ≪ gg ≫ to → rightarrow → leftarrow ←
    propto ∝ in ∈ sum ∑ int ∫ prod ∏ circ ∘ degree ° prime ′ ell ℓ Re ℜ Im ℑ perp ⊥ parallel ∥
    equiv ≡ ast ∗ star ⋆ nabla ∇ ldots … dots … mid | otimes ⊗ oplus ⊕
";

fn symbol(name: &str) -> Option<char> {
    let mut words = SYMBOLS.split_whitespace();
    while let (Some(command), Some(sign)) = (words.next(), words.next()) {
        if command == name {
            return sign.chars().next();
        }
    }
    None
}

/// A row of glyphs being set.
#[derive(Default)]
struct Row {
    pieces: Vec<Piece>,
    plain: String,
    size: f64,
    x: f64,
    ascent: f64,
    descent: f64,
    last: Option<(Slant, GlyphId)>,
}

impl Row {
    fn finish(self) -> SetText {
        SetText { pieces: self.pieces, width: self.x, ascent: self.ascent, descent: self.descent, plain: self.plain }
    }

    fn grow(&mut self, ascent: f64, descent: f64) {
        self.ascent = self.ascent.max(ascent);
        self.descent = self.descent.max(descent);
    }

    fn character(&mut self, c: char, slant: Slant) {
        let (slant, id) = glyph(c, slant);
        if let Some((before, left)) = self.last
            && before == slant
        {
            self.x += kerning(slant, left, id) * self.size;
        }
        if c != ' ' {
            self.pieces.push(Piece::Glyph { slant, id: id.0, x: self.x, y: 0.0, size: self.size });
        }
        self.x += advance(slant, id) * self.size;
        self.plain.push(c);
        self.last = Some((slant, id));
    }

    fn space(&mut self, ems: f64) {
        self.x += ems * self.size;
        self.last = None;
    }

    /// Sets nodes; in the outermost row signs of relation and operation get their spaces.
    fn formula(&mut self, nodes: &[Node], spaced: bool) {
        for (i, node) in nodes.iter().enumerate() {
            let around = match node {
                Node::Char(
                    '=' | '<' | '>' | '≤' | '≥' | '≪' | '≫' | '≈' | '≃' | '∼' | '≡' | '≠' | '∝' | '→' | '∈',
                    _,
                ) => 0.25,
                Node::Char('+' | '−' | '±' | '∓' | '×' | '·' | '∗', _) => 0.18,
                _ => 0.0,
            };
            // A sign at the beginning or after another sign belongs to what follows.
            let unary = match i.checked_sub(1).map(|j| &nodes[j]) {
                None => true,
                Some(Node::Char(c, _)) => "([{⟨=<>≤≥≈+−±×·,|/".contains(*c),
                Some(_) => false,
            };
            let pad = if spaced && i + 1 < nodes.len() && !(unary && around < 0.2) { around } else { 0.0 };
            if pad > 0.0 {
                self.space(pad);
            }
            self.node(node, spaced);
            if pad > 0.0 {
                self.space(pad);
            }
            if spaced && matches!(node, Node::Char(',', _)) {
                self.space(0.15);
            }
        }
    }

    fn node(&mut self, node: &Node, spaced: bool) {
        match node {
            Node::Char(c, slant) => self.character(*c, *slant),
            Node::Space(ems) => self.space(*ems),
            Node::Group(inner) => self.formula(inner, spaced),
            Node::Script { base, sub, sup } => {
                self.node(base, spaced);
                self.last = None;
                let slanted = slanted(base);
                let start = self.x;
                let mut end = start;
                if let Some(sup) = sup {
                    self.plain.push('^');
                    // An italic letter leans into the upper script.
                    self.x = start + if slanted { 0.07 * self.size } else { 0.02 * self.size };
                    self.shifted(sup, 0.68, if sub.is_some() { -0.43 } else { -0.40 });
                    end = end.max(self.x);
                }
                if let Some(sub) = sub {
                    self.plain.push('_');
                    self.x = start + if slanted { -0.02 * self.size } else { 0.02 * self.size };
                    self.shifted(sub, 0.68, if sup.is_some() { 0.25 } else { 0.18 });
                    end = end.max(self.x);
                }
                self.x = end + 0.04 * self.size;
            }
            Node::Accent(mark, inner) => {
                let start = self.x;
                let (top, lean) = (self.top_of(inner), if slanted(inner) { 0.06 } else { 0.0 });
                self.node(inner, spaced);
                let end = self.x;
                let (slant, id) = glyph(*mark, Slant::Upright);
                let size = if *mark == '→' { 0.6 * self.size } else { self.size };
                let x = 0.5 * (start + end - advance(slant, id) * size) + lean * self.size;
                // Spacing accents stand at the height of an x; the arrow stands on the mathematical axis.
                let rise = if *mark == '→' { top + 0.02 } else { top - 0.547 };
                self.pieces.push(Piece::Glyph { slant, id: id.0, x, y: -rise * self.size, size });
                self.grow((top + 0.25) * self.size, 0.0);
                self.last = None;
            }
            Node::Bar(inner) => {
                let start = self.x;
                let top = self.top_of(inner);
                let lean = if slanted(inner) { 0.08 * self.size } else { 0.0 };
                self.node(inner, spaced);
                let (x, width) = (start + lean + 0.04 * self.size, self.x - start - 0.08 * self.size);
                let height = RULE * self.size;
                let y = -(top + 0.09 + RULE) * self.size;
                self.pieces.push(Piece::Rule { x, y, width: width.max(0.2 * self.size), height });
                self.grow(-y + height, 0.0);
                self.last = None;
            }
            Node::Sqrt(inner) => {
                let body = self.sub_row(inner, 1.0);
                let (top, bottom) = (body.ascent + 0.12 * self.size, body.descent.min(0.15 * self.size));
                let (x, s) = (self.x, self.size);
                let end = x + 0.55 * s + body.width + 0.08 * s;
                let points = vec![
                    (x + 0.04 * s, -0.30 * s),
                    (x + 0.16 * s, -0.38 * s),
                    (x + 0.32 * s, bottom),
                    (x + 0.50 * s, -top),
                    (end, -top),
                ];
                self.pieces.push(Piece::Stroke { points, width: RULE * s });
                self.plain.push('√');
                self.place(body, x + 0.55 * s, 0.0);
                self.x = end + 0.06 * s;
                self.grow(top + RULE * s, bottom);
            }
            Node::Frac(upper, lower) => {
                let (upper, lower) = (self.sub_row(upper, 0.78), self.sub_row(lower, 0.78));
                let s = self.size;
                let width = upper.width.max(lower.width) + 0.12 * s;
                let x = self.x + 0.06 * s;
                let (shift_up, shift_down) =
                    (-(MATH_AXIS + 0.10) * s - upper.descent.min(0.2 * s), (0.10 - MATH_AXIS) * s + lower.ascent);
                self.pieces.push(Piece::Rule { x, y: -(MATH_AXIS + 0.5 * RULE) * s, width, height: RULE * s });
                self.grow(upper.ascent - shift_up, lower.descent + shift_down);
                let (ux, lx) = (x + 0.5 * (width - upper.width), x + 0.5 * (width - lower.width));
                self.place(upper, ux, shift_up);
                self.plain.push('/');
                self.place(lower, lx, shift_down);
                self.x = x + width + 0.06 * s;
            }
        }
    }

    /// Height of a node's letters in ems of this row.
    fn top_of(&self, node: &Node) -> f64 {
        match node {
            Node::Char(c, slant) => {
                let (slant, id) = glyph(*c, *slant);
                let top = face(slant).glyph_bounding_box(id).map_or(0.547 * units(slant), |b| f64::from(b.y_max));
                top / units(slant)
            }
            Node::Group(inner) => inner.iter().map(|n| self.top_of(n)).fold(0.547, f64::max),
            Node::Script { base, sup: None, .. } => self.top_of(base),
            other => self.sub_row(other, 1.0).ascent / self.size,
        }
    }

    fn sub_row(&self, node: &Node, scale: f64) -> SetText {
        let mut row = Row { size: scale * self.size, ..Row::default() };
        row.grow(CAP_HEIGHT * row.size, 0.0);
        row.node(node, scale == 1.0);
        row.finish()
    }

    fn shifted(&mut self, node: &Node, scale: f64, down: f64) {
        let part = self.sub_row(node, scale);
        let (x, y) = (self.x, down * self.size);
        self.grow(part.ascent - y, part.descent + y + 0.06 * self.size * down.signum().max(0.0));
        self.x += part.width;
        self.place(part, x, y);
    }

    fn place(&mut self, part: SetText, dx: f64, dy: f64) {
        self.plain.push_str(&part.plain);
        self.last = None;
        self.pieces.extend(part.pieces.into_iter().map(|piece| match piece {
            Piece::Glyph { slant, id, x, y, size } => Piece::Glyph { slant, id, x: x + dx, y: y + dy, size },
            Piece::Rule { x, y, width, height } => Piece::Rule { x: x + dx, y: y + dy, width, height },
            Piece::Stroke { points, width } => {
                Piece::Stroke { points: points.into_iter().map(|(x, y)| (x + dx, y + dy)).collect(), width }
            }
        }));
    }
}

/// Whether a node ends in an italic letter.
fn slanted(node: &Node) -> bool {
    match node {
        Node::Char(_, slant) => *slant == Slant::Italic,
        Node::Group(inner) => inner.last().is_some_and(slanted),
        Node::Script { base, .. } => slanted(base),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyphs(text: &SetText) -> Vec<(f64, f64, f64)> {
        let glyph = |p: &Piece| match p {
            Piece::Glyph { x, y, size, .. } => Some((*x, *y, *size)),
            _ => None,
        };
        text.pieces.iter().filter_map(glyph).collect()
    }

    #[test]
    fn names_with_underscores_stay_as_they_are() {
        let text = set("complete_sync(b1,b2) a^2", 8.0);
        assert_eq!(text.plain, "complete_sync(b1,b2) a^2");
        assert!(glyphs(&text).iter().all(|(_, y, size)| *y == 0.0 && *size == 8.0));
    }

    #[test]
    fn scripts_are_stacked_and_smaller() {
        let text = set("$q_-^2$", 10.0);
        let g = glyphs(&text);
        assert_eq!(g.len(), 3);
        let (sup, sub) = (g[1], g[2]);
        assert!(sup.1 < 0.0 && sub.1 > 0.0 && sup.2 < 10.0 && sub.2 < 10.0);
        assert!((sup.0 - sub.0).abs() < 2.0, "upper and lower script stand above each other");
    }

    #[test]
    fn greek_brackets_and_unknown_commands() {
        assert_eq!(set(r"$\langle\mu\rangle$", 8.0).plain, "⟨μ⟩");
        assert_eq!(set(r"$\nonsense$ \$5", 8.0).plain, r"\nonsense$5".replace('$', " $").as_str());
        assert_eq!(set("⟨q²⟩ ω₁", 8.0).plain, "⟨q²⟩ ω₁");
    }

    #[test]
    fn the_fonts_have_every_symbol_of_the_markup() {
        let names = [
            "alpha", "omega", "kappa", "varphi", "Gamma", "Omega", "langle", "rangle", "hbar", "dagger", "ell",
            "infty", "propto", "simeq", "ll", "gg", "partial", "Re", "Im", "otimes", "parallel", "nabla", "star",
            "prime",
        ];
        for name in names {
            let c = symbol(name).expect(name);
            assert_ne!(glyph(c, letter_slant(c)).1, GlyphId(0), "{name} {c}");
        }
    }

    #[test]
    fn broken_markup_is_set_without_failing() {
        for text in [
            "$",
            "$$",
            "$_$",
            "$^$",
            "${{{$",
            "$}}$",
            r"$\$",
            r"$\frac$",
            r"$\sqrt{$",
            r"$\mathrm{ab$",
            "$a_{b^{c$",
            "\u{0}\u{7}",
        ] {
            let set = set(text, 8.0);
            assert!(set.width.is_finite(), "{text}");
        }
        let deep = format!("${}x{}$", "{".repeat(500), "}".repeat(500));
        assert!(set(&deep, 8.0).width.is_finite());
        let deep = format!("${}x$", r"\sqrt".repeat(500));
        assert!(set(&deep, 8.0).width.is_finite());
    }

    #[test]
    fn lines_are_wrapped_at_spaces_outside_formulas() {
        let lines = wrap("The mean of $S_c + S_p$ over one period of the cycle", 8.0, 60.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|l| l.width <= 75.0));
        assert!(wrap("", 8.0, 60.0).is_empty());
    }
}
