//! Names.

/// The names of parameters and modes, in the order of their identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Names of the parameters.
    pub parameters: Vec<String>,
    /// Names of the modes: `b1`, or `b[3]` for an element of an array.
    pub modes: Vec<String>,
}
impl super::Scalar {
    /// text
    pub fn text(&self, _names: &Names) -> String {
        format!("{self:?}")
    }
}
