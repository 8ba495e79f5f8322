//! The models that come with Huygens, compiled in.

/// One built-in model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// The name it is asked for by.
    pub name: &'static str,
    /// Its model file.
    pub text: &'static str,
}

macro_rules! builtins {
    ($($name:literal),* $(,)?) => {
        /// All built-in models, in the order they are listed.
        pub const BUILTINS: &[Builtin] = &[
            $(Builtin { name: $name, text: include_str!(concat!("../../../../models/", $name, ".toml")) }),*
        ];
    };
}

builtins![
    "optomechanical-pair",
    "optomechanical-ring",
    "van-der-pol-pair",
    "van-der-pol-driven",
    "stuart-landau-network",
    "kerr-pair",
    "membranes",
    "waveguide-dimer",
    "thermal-machine",
    "spin-one-driven",
    "two-spin-one",
    "spin-chains",
    "spin-chains-fixed",
    "spin-chains-printed",
    "spin-chains-repaired",
    "central-spin",
    "superradiant-ensembles",
    "dicke",
];

/// The built-in model of this name.
pub fn builtin(name: &str) -> Option<Builtin> {
    BUILTINS.iter().copied().find(|b| b.name == name)
}

impl Builtin {
    /// The first sentence of its description.
    pub fn summary(&self) -> String {
        let Ok(document) = super::read::read(self.name, &self.text.into(), None) else {
            return String::new();
        };
        let description = document.source.description;
        match description.split_once(". ") {
            Some((first, _)) => format!("{first}."),
            None => description,
        }
    }
}
