"""What the little encyclopaedia says: 24 topics, their subjects, and facts about them.

Data: every sentence made of these is meant to be true, and short enough for a small
model to learn. Braces hold choices of words, as in a `Line`.
"""

from typing import NamedTuple

ARCHITECTURE, JACKRABBITS = "medieval architecture", "jackrabbits"


class Subject(NamedTuple):
    """Facts are verb phrases, to be said of the name, of it, and of the short name."""

    name: str
    short: str
    plural: bool
    aside: str
    opening: tuple[str, ...]
    middle: tuple[str, ...]
    closing: tuple[str, ...]


class Topic(NamedTuple):
    """Subjects, a setting, and people who are known to speak about them."""

    name: str
    setting: str
    people: tuple[str, ...]
    subjects: tuple[Subject, ...]


def one(
    name: str,
    aside: str,
    opening: tuple[str, ...],
    middle: tuple[str, ...],
    closing: tuple[str, ...],
    short: str = "",
) -> Subject:
    """Return a subject that takes its verbs in the singular."""
    return Subject(name, short or name, False, aside, opening, middle, closing)


def many(
    name: str,
    aside: str,
    opening: tuple[str, ...],
    middle: tuple[str, ...],
    closing: tuple[str, ...],
) -> Subject:
    """Return a subject that takes them in the plural."""
    return Subject(name, name, True, aside, opening, middle, closing)


PLURALS = {"child": "children"}
"""Of people; all others take an s."""

TOPICS = (
    Topic(
        "weather",
        "{over land and sea|under the open sky}",
        ("farmer", "sailor", "poet"),
        (
            one(
                "rain",
                "{water on its way home|the sky on its way down}",
                (
                    "falls when {its drops grow|a drop grows} too heavy for a cloud",
                    "begins as water that rises from the {sea|land}",
                ),
                (
                    "fills every {river|well}",
                    "falls faster when {the drops are|a drop is} large",
                    "brings out the warm smell of dry {earth|stone}",
                ),
                (
                    "returns to the {sea|sky} in its own time",
                    "falls on good and bad alike",
                ),
            ),
            many(
                "clouds",
                "{the slow ships of the sky|water that has learned to fly}",
                (
                    "are made of small drops or ice",
                    "form where {wet|warm and wet} air rises and cools",
                ),
                (
                    "shade the {land|sea} by day",
                    "keep the {earth|land} warm by night",
                    "often weigh more than a whale",
                ),
                (
                    "never keep the same {shape|place} for long",
                    "look like {sheep|ships} to those who have time",
                ),
            ),
        ),
    ),
    Topic(
        "rivers",
        "in most countries",
        ("traveller", "farmer", "painter"),
        (
            one(
                "a river",
                "{a road that moves|water with a plan}",
                (
                    "usually runs from {high ground|the hills} to the sea",
                    "often begins as a spring in the hills",
                ),
                (
                    "carries {stones|mud} from the hills",
                    "wanders from side to side over the years",
                    "leaves rich {mud|earth} on the fields after a flood",
                ),
                (
                    "finds its way without a {map|guide}",
                    "is never the same {river|water} twice",
                ),
                short="the river",
            ),
            many(
                "waterfalls",
                "{rivers in a hurry|water that forgot to stop}",
                (
                    "often form where {hard|old} rock lies over soft rock",
                    "stand where a river finds no slower way down",
                ),
                (
                    "wear away the rock under them",
                    "move slowly back {up the river|towards the spring}",
                    "fill the deep water at their feet",
                ),
                (
                    "make noise all day and ask for nothing",
                    "draw {painters|travellers} near and make them wet",
                ),
            ),
        ),
    ),
    Topic(
        ARCHITECTURE,
        "in {a gothic cathedral|medieval architecture}",
        ("mason", "monk", "painter"),
        (
            one(
                "the flying buttress",
                "{half an arch in the open air|an arch that leans on a wall}",
                (
                    "carries the thrust of a {stone|heavy} vault to {an outer|a} pier",
                    "lets {thin|tall} walls stand under a {heavy|stone} vault",
                ),
                (
                    "leaves room for {great|tall} windows",
                    "often carries rain water {off|away from} the roof",
                    "stands outside so that the {church|nave} may be {light|tall}",
                ),
                (
                    "holds up the {church|cathedral} without going in",
                    "may be seen at work in {Paris|Chartres|Reims}",
                ),
                short="the buttress",
            ),
            one(
                "the pointed arch",
                "two curves that meet",
                (
                    "sends weight down more steeply than a round arch",
                    "can span wide and narrow spaces at the same height",
                ),
                (
                    "pushes its walls outwards less than a round arch",
                    "needs a wooden frame until its last stone is {set|in place}",
                    "was known in the east before it came to {France|Paris}",
                ),
                (
                    "comes to a point , as few {speeches|monks} do",
                    "shows the eye the way {up|to the vault}",
                ),
                short="the arch",
            ),
            many(
                "rose windows",
                "{wheels of stone and glass|flowers made of light}",
                (
                    "often fill the {west|north} wall with {coloured|blue and red} "
                    "light",
                    "hold {coloured|thin} glass in a wheel of stone",
                ),
                (
                    "told {old|holy} stories to people who could not read",
                    "let in the light without the {rain|wind}",
                    "grew {larger|taller} as the walls grew {thin|light}",
                ),
                (
                    "look dark from outside and bright from {within|the nave}",
                    "have no scent and last for centuries",
                ),
            ),
        ),
    ),
    Topic(
        "bread",
        "in most {kitchens|countries}",
        ("cook", "farmer", "child"),
        (
            one(
                "bread",
                "{flour with some air in it|flour and water and time}",
                (
                    "usually begins with flour and water",
                    "rises because yeast makes gas in the flour",
                ),
                (
                    "often needs {salt|time} to taste of anything",
                    "holds its air in a net of gluten",
                    "turns brown where the oven is {hot|hottest}",
                ),
                (
                    "is older than the wheel",
                    "goes hard faster in the cold than in a warm kitchen",
                ),
            ),
            one(
                "sourdough",
                "{an old servant with a sharp tongue|bread with a memory}",
                (
                    "rises with wild yeast from the flour",
                    "needs a starter that is fed with flour",
                ),
                (
                    "tastes sharp because small creatures make acid in it",
                    "keeps longer than other bread",
                    "works slowly in a cold {kitchen|room}",
                ),
                (
                    "asks for nothing but {time|flour and time}",
                    "may live longer than the {cook|oven} that began it",
                ),
            ),
        ),
    ),
    Topic(
        "bees",
        "in {summer|a good garden}",
        ("gardener", "farmer", "poet"),
        (
            many(
                "honeybees",
                "small farmers with wings",
                (
                    "gather {food|pollen} from flowers",
                    "live in a hive with one queen",
                ),
                (
                    "build small rooms of wax",
                    "dance to tell the others where the flowers are",
                    "keep the hive warm in {winter|the cold}",
                ),
                (
                    "make honey for the winter and lose it to the {cook|gardener}",
                    "carry pollen from flower to flower and ask for nothing",
                ),
            ),
            one(
                "the queen bee",
                "{a mother and no ruler|the mother of the hive}",
                (
                    "lays nearly all the eggs in the hive",
                    "grows up on royal jelly",
                ),
                (
                    "leaves the hive to mate in the {air|sky}",
                    "keeps the workers together by scent",
                    "can live for {years|some years}",
                ),
                (
                    "gives no orders",
                    "works harder than most queens",
                ),
                short="the queen",
            ),
        ),
    ),
    Topic(
        "the moon",
        "{by night and by day|seen from the earth}",
        ("sailor", "poet", "child"),
        (
            one(
                "the moon",
                "{a lamp without a flame|a stone with a following}",
                (
                    "goes round the earth in about a month",
                    "shines only by the light of the sun",
                ),
                (
                    "pulls the sea into tides",
                    "shows the earth always the same {face|side}",
                    "has no {wind|weather|rain} of its own",
                ),
                (
                    "moves a little further away every year",
                    "keeps the footprints of twelve travellers",
                ),
            ),
            many(
                "eclipses",
                "{shadows that arrive on time|dark hours that one can plan}",
                (
                    "happen when the sun and the moon and the earth stand in line",
                    "come only when the moon is {full or new|new or full}",
                ),
                (
                    "were foretold in Babylon",
                    "are over within {hours|a day}",
                    "turn {the moon red|the sky dark}",
                ),
                (
                    "frighten nobody who owns a {calendar|clock}",
                    "arrive exactly when they should",
                ),
            ),
        ),
    ),
    Topic(
        "oak trees",
        "in {an old wood|most woods}",
        ("gardener", "painter", "child"),
        (
            one(
                "the oak",
                "{a slow tree with a long life|a tree that takes its time}",
                (
                    "often grows from an acorn that a {bird|child} forgot",
                    "can live for {centuries|hundreds of years}",
                ),
                (
                    "feeds hundreds of small creatures",
                    "gives hard wood for {ships|roofs}",
                    "keeps some brown leaves far into winter when it is young",
                ),
                (
                    "dies as slowly as it grows",
                    "gives shade to people its gardener never met",
                ),
            ),
        ),
    ),
    Topic(
        "printing",
        "in the {history|age} of the book",
        ("printer", "scholar", "monk"),
        (
            one(
                "the printing press",
                "{a wine press that learned to read|a machine with a good memory}",
                (
                    "pushes inked type against paper",
                    "came from Mainz to all of Europe",
                ),
                (
                    "made books cheap",
                    "prints a whole page at one pull",
                    "needs paper and ink and {strong|patient} arms",
                ),
                (
                    "copies an error as gladly as a {truth|poem}",
                    "never tires of its own words",
                ),
                short="the press",
            ),
        ),
    ),
    Topic(
        "tea",
        "{to be exact|like it or not}",
        ("cook", "traveller", "scholar"),
        (
            one(
                "tea",
                "{hot water with a history|a leaf that changed the world}",
                (
                    "comes from the leaves of one {green|evergreen} bush",
                    "reached Europe in the seventeenth century",
                ),
                (
                    "turns brown when its leaves meet the air",
                    "contains caffeine",
                    "was drunk in China long before it reached {Europe|France}",
                ),
                (
                    "is drunk more than anything but water",
                    "answers no question but lets it wait",
                ),
            ),
            one(
                "green tea",
                "{tea in its first coat|the quiet kind of tea}",
                (
                    "is heated early so that its leaves stay green",
                    "comes mostly from {China|China and Japan}",
                ),
                (
                    "often tastes of {grass|the sea}",
                    "turns bitter in water that is too hot",
                    "comes from the same bush as black tea",
                ),
                (
                    "should not be hurried",
                    "rewards a {slow|patient} hand",
                ),
            ),
        ),
    ),
    Topic(
        "whales",
        "in the {open|deep} sea",
        ("sailor", "scholar", "child"),
        (
            one(
                "the blue whale",
                "{a giant that eats small things|a quiet giant}",
                (
                    "is the heaviest animal that we know of",
                    "lives on krill and little else",
                ),
                (
                    "sings almost too low for our ears",
                    "breathes through the top of its head",
                    "has a tongue as heavy as a small elephant",
                ),
                (
                    "comes from animals that once walked on land",
                    "weighs as much as twenty elephants",
                ),
                short="the whale",
            ),
        ),
    ),
    Topic(
        "clocks",
        "in the history of time",
        ("scholar", "sailor", "monk"),
        (
            one(
                "the pendulum clock",
                "{a machine with a duty|a weight with a duty}",
                (
                    "was first built for Huygens",
                    "counts the swings of a heavy weight",
                ),
                (
                    "can run slow in {summer|a warm room}",
                    "needs a quiet place to stand",
                    "lost only seconds a day when it was new",
                ),
                (
                    "tells the hour to an empty {room|church}",
                    "goes wrong at sea",
                ),
                short="the clock",
            ),
            many(
                "sundials",
                "{clocks without wheels|clocks that go to bed early}",
                (
                    "tell the hour by the {shadow|light} of the sun",
                    "are older than any clock with wheels",
                ),
                (
                    "follow the sun rather than the calendar",
                    "must be set for their own place on earth",
                    "say nothing {at night|in the rain}",
                ),
                (
                    "count only the bright hours",
                    "never need a key",
                ),
            ),
        ),
    ),
    Topic(
        "maps",
        "in {the history of trade|many an old book}",
        ("sailor", "traveller", "printer"),
        (
            one(
                "a map of the world",
                "{a small earth of paper|the work of many sailors}",
                (
                    "must stretch the round earth to make it flat",
                    "shows the round earth on flat {paper|ground}",
                ),
                (
                    "often makes Greenland look too large",
                    "leaves out more than it shows",
                    "needs a scale and a north",
                ),
                (
                    "is useful because it leaves things out",
                    "grows old at every border",
                ),
                short="the map",
            ),
        ),
    ),
    Topic(
        "volcanoes",
        "on {land and under the sea|our restless earth}",
        ("farmer", "traveller", "painter"),
        (
            one(
                "a volcano",
                "{a mountain with a fire inside|a door in the earth}",
                (
                    "is an opening through which molten rock reaches the air",
                    "often grows out of its own {ash|lava}",
                ),
                (
                    "can sleep for centuries",
                    "makes rich {black|dark} earth for vines",
                    "may send ash high into the sky",
                ),
                (
                    "builds {mountains|islands} and takes them back",
                    "gives little notice",
                ),
                short="the volcano",
            ),
        ),
    ),
    Topic(
        "salt",
        "{to be exact|in the history of trade}",
        ("cook", "sailor", "farmer"),
        (
            one(
                "salt",
                "{the only rock we eat|the child of the sea and the sun}",
                (
                    "is made of sodium and chlorine",
                    "comes from the sea or from the beds of lost seas",
                ),
                (
                    "keeps {fish|food} from going bad",
                    "melts the ice on winter roads",
                    "dries into small cubes",
                ),
                (
                    "gave the salary its name",
                    "is noticed only when it is not there",
                ),
            ),
        ),
    ),
    Topic(
        "the violin",
        "in {Europe|the history of music}",
        ("musician", "child", "poet"),
        (
            one(
                "the violin",
                "{a box that learned to sing|a small box of air}",
                (
                    "has four strings tuned in fifths",
                    "took its shape in the north of Italy",
                ),
                (
                    "hides a small post of wood inside",
                    "is made of two kinds of wood",
                    "sounds when a bow of horse hair grips a string",
                ),
                (
                    "takes years to play badly",
                    "forgives {little|nothing}",
                ),
            ),
        ),
    ),
    Topic(
        "owls",
        "in {old barns|most countries}",
        ("farmer", "child", "poet"),
        (
            many(
                "owls",
                "{the quiet birds of night|hunters with wings}",
                (
                    "turn their heads because they cannot turn their eyes",
                    "mostly hunt {at night|in the dark}",
                ),
                (
                    "lay {white|round white} eggs",
                    "cough up the bones of what they eat",
                    "fly on soft feathers that make little noise",
                ),
                (
                    "look wiser than they are",
                    "live on every continent but one",
                ),
            ),
        ),
    ),
    Topic(
        "glaciers",
        "in {cold countries|the far north}",
        ("traveller", "scholar", "painter"),
        (
            one(
                "a glacier",
                "{a river that forgot to melt|snow with a plan}",
                (
                    "is a river of ice that creeps downhill",
                    "forms where more snow falls than melts",
                ),
                (
                    "makes {flour|mud} out of rock",
                    "carries great stones far from home",
                    "looks blue where the ice is deep",
                ),
                (
                    "keeps air from {old|lost} winters",
                    "moves slowly and moves {hills|mountains}",
                ),
                short="the glacier",
            ),
            many(
                "icebergs",
                "{islands without a map|hills that went to sea}",
                (
                    "break off from glaciers",
                    "are made of fresh water",
                ),
                (
                    "hide most of their ice under the {sea|water}",
                    "drift with the {water|wind and the water}",
                    "crackle as old air escapes",
                ),
                (
                    "melt into the sea that carried them",
                    "need plenty of room",
                ),
            ),
        ),
    ),
    Topic(
        "silk",
        "{in the history of trade|to be exact}",
        ("traveller", "poet", "painter"),
        (
            one(
                "silk",
                "{a thread with a road of its own|the work of small creatures}",
                (
                    "is spun by the young of a moth",
                    "was first made in China",
                ),
                (
                    "is strong for so thin a thread",
                    "takes {colour|red and blue} well",
                    "was once used as money",
                ),
                (
                    "travelled further than most who wore it",
                    "gave its name to a road",
                ),
            ),
            many(
                "silkworms",
                "{weavers without a wage|farmers of a long thread}",
                (
                    "eat the leaves of the mulberry tree",
                    "are the young of a moth and not worms",
                ),
                (
                    "spin a cocoon from one long thread",
                    "eat day and night",
                    "cannot live without a farmer",
                ),
                (
                    "grow into moths that cannot fly",
                    "never see the coat",
                ),
            ),
        ),
    ),
    Topic(
        "lighthouses",
        "on {a dark coast|rocky coasts}",
        ("sailor", "painter", "child"),
        (
            one(
                "a lighthouse",
                "{a lamp with a duty|a lamp that never sleeps}",
                (
                    "warns ships of {rocks|land} at night",
                    "shows a light that sailors know by its rhythm",
                ),
                (
                    "throws its light through a lens of glass rings",
                    "stands where ships should not",
                    "can be seen for {many|twenty} miles in clear air",
                ),
                (
                    "helps most those who stay away",
                    "says one thing and says it {well|all night}",
                ),
                short="the lighthouse",
            ),
        ),
    ),
    Topic(
        JACKRABBITS,
        "on the {open|dry} plains",
        ("farmer", "traveller", "child"),
        (
            one(
                "the jackrabbit",
                "{all legs and ears|a cousin of the rabbit}",
                (
                    "is a hare and not a rabbit",
                    "lives in the dry west of {North America|America}",
                ),
                (
                    "cools itself through its {long|great} ears",
                    "runs in leaps and turns to escape a coyote",
                    "rests by day in the shade of a bush",
                ),
                (
                    "owes its name to the ears of a donkey",
                    "keeps no burrow and no calendar",
                ),
            ),
            many(
                "young jackrabbits",
                "small hares with long names",
                (
                    "are born with fur and open eyes",
                    "are known as leverets",
                ),
                (
                    "can hop within {hours|a day} of birth",
                    "sit still when a {bird|coyote} passes",
                    "wait alone for their mother until night",
                ),
                (
                    "eat {grass|leaves} and ask no questions",
                    "grow {ears|long ears} before anything else",
                ),
            ),
        ),
    ),
    Topic(
        "chess",
        "on the {board|sixty-four squares}",
        ("scholar", "monk", "child"),
        (
            one(
                "the knight",
                "{a horse with a plan|the only horse on the board}",
                (
                    "moves in the shape of an L",
                    "can jump over other pieces",
                ),
                (
                    "changes the colour of its square at every move",
                    "can visit every square once",
                    "is weak at the edge of the board",
                ),
                (
                    "never goes straight to the point",
                    "is the only piece with a face",
                ),
            ),
        ),
    ),
    Topic(
        "moss",
        "on {old walls|wet stones}",
        ("gardener", "monk", "poet"),
        (
            one(
                "moss",
                "{a wood for very small creatures|a coat for old stones}",
                (
                    "grows without flowers or true roots",
                    "drinks through its leaves",
                ),
                (
                    "wakes with the rain after long dry weather",
                    "makes old walls soft to the hand",
                    "sends its spores out on the wind",
                ),
                (
                    "was green on land before any flower",
                    "gathers on stones that stay where they are",
                ),
            ),
        ),
    ),
    Topic(
        "eels",
        "{as we now know|like it or not}",
        ("sailor", "scholar", "cook"),
        (
            one(
                "the European eel",
                "{a fish with a secret|a traveller without a map}",
                (
                    "begins its life far out in the Atlantic",
                    "lives for years in {rivers|lakes} before it returns to the sea",
                ),
                (
                    "can cross wet grass at night",
                    "turns silver before its last journey",
                    "stops eating before it leaves",
                ),
                (
                    "keeps its wedding a secret",
                    "puzzled both Aristotle and Freud",
                ),
                short="the eel",
            ),
            many(
                "young eels",
                "{clear leaves with eyes|small travellers made of glass}",
                (
                    "cross the Atlantic in the shape of a clear leaf",
                    "drift for a year or more towards {Europe|the coast}",
                ),
                (
                    "become glass eels near the coast",
                    "can climb wet walls",
                    "turn brown in the rivers",
                ),
                (
                    "know the way without a {guide|map}",
                    "find rivers that they have never seen",
                ),
            ),
        ),
    ),
    Topic(
        "numbers",
        "{to be exact|in the history of numbers}",
        ("scholar", "child", "printer"),
        (
            one(
                "zero",
                "{a hole with a name|a number with nothing in it}",
                (
                    "is neither positive nor negative",
                    "came to Europe from India by way of {Arabic|old} books",
                ),
                (
                    "leaves every sum as it was",
                    "makes every product vanish",
                    "cannot divide anything",
                ),
                (
                    "is worth nothing and changes everything",
                    "holds a place open for others",
                ),
            ),
        ),
    ),
)
