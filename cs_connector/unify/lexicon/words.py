"""Words that tell little or something special in a name, a domain or an address. All in plain Latin letters."""

from __future__ import annotations

from .trades import TRADES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Legal forms as they are written without dots and spaces; stripped from the ends of company names.
LEGAL = _words(
    """
    inc incorporated incorporation corp corporation co company cos ltd limited llc lc llp lllp lp plc pllc pc unltd unlimited
    aktiengesellschaft kommanditgesellschaft gmbh mbh ggmbh ag kg kgaa ohg gbr ug haftungsbeschrankt eg ev ek stiftung se scs sca sce
    sa sas sasu sarl sarlu eurl snc scop sci selarl spa srl srls sapa soc societe societa sociedad sociedade
    sl slu sau slne sab sapi sapib cv ltda eireli me epp
    bv nv vof bvba sprl srlcv cvba vzw asbl scrl bvi
    ab hb aktiebolag as asa aps ans ks is amba oy oyj ab oyab hf ehf ou ua uab sia tov
    liability public gesmbh gesellschaftmbh haftungsbeschraenkt partg partgmbb ca sac saa eirl rl spol oue ae epe ike san tic ve
    fsb societas europaea coop pl ks kb koe limitada limitee limitata anonima anonyme anonimi etaireia responsabilite responsabilidad limited partnership
    naamloze vennootschap besloten osakeyhtio aktieselskab anpartsselskab
    na spolka spolkazoo spzoo zoo spj spk sp sro vos as kft bt zrt nyrt rt doo dd ad ood eood dooel sh shpk
    ooo oao zao pao ao ip tov pat prat chp obshchestvo
    kk kabushikigaisha kabushiki kaisha kabushikikaisha godo yugen yk gk
    pte pty sdn bhd berhad pvt private pt tbk cia compania companhia
    sti as anonim sirketi ticaret sanayi ltdsti
    wll fze fzco fzc dmcc psc jsc pjsc ojsc cjsc saog saoc kscc
    osauhing aktsiaselts aor edms bpk upadlosci likwidacji liquidation korlatolt felelossegu tarsasag reszvenytarsasag oe aor sae betriebs betriebsgesellschaft
    youxiangongsi gufenyouxiangongsi jituan zhushihuishe yuxianhuishe hoesa jusikhoesa
    """
)
# Legal forms that tell two companies of one name apart → one spelling. Those that mean little, as Co, are not here.
FORMS = {
    **{form: form for form in _words(
        "ltd llc plc llp lp gmbh ggmbh ag kg ohg ug se sa sas sarl snc spa srl sapa sl bv nv vof ab asa aps oy oyj ou as "
        "bvba sprl asbl kft zrt bhd kk gk pjsc sgps eg ev ek spzoo sro doo"
    )},
    "limited": "ltd", "incorporated": "inc", "inc": "inc", "corp": "inc", "corporation": "inc", "berhad": "bhd", "gesmbh": "gmbh",
    "aktiengesellschaft": "ag", "sasu": "sas", "eurl": "sarl", "slu": "sl", "sau": "sa", "srls": "srl", "aktiebolag": "ab",
    "aktieselskab": "as", "anpartsselskab": "aps", "osakeyhtio": "oy", "osauhing": "ou", "kabushikigaisha": "kk",
}  # fmt: skip

# Words before a name in some languages, legal forms too.
LEADING = _words(
    "shrkh sharika sharikat uab sia oue ou eood ood ad cong ty tnhh ctcp sc spol companhia compania grupo gpo gruppo groupe gruppe group the ooo oao zao pao ao pt cv the sa societe sas sarl firma fa ip tov kk ky kabushiki kaisha kabushikigaisha"
)

# What a company calls itself that owns others: Acme Group may be Acme, and is not Acme Chemicals.
HOUSE = _words("group")

# What a company has beside it, of its own name: its holding, its fund for pensions, its houses, its charity.
SISTERS = _words(
    "holding pension pensions trustee trustees foundation properties realty immobilien leasing academy ventures fund"
)

# Words of a trade or of size: two companies that share only these share nothing.
GENERIC = frozenset(TRADES.values()) - SISTERS | _words(
    """
    and und et e y of for de des du der die das la le les el los van von the a an to in
    international global worldwide world intl national united general central first american european
    industries industry industrial manufacturing products production works factory mills
    technology technologies tech digital software systems system solutions solution services service data cloud
    computing computers it ict information informatics labs lab laboratories laboratory research
    consulting consultants consultancy consult advisory advisors advisers partners partner associates
    management business enterprise enterprises ventures venture capital investments investment finance financial
    bank banking insurance assurance trust fund asset assets wealth
    media studio studios design designs creative agency marketing communications communication publishing press
    logistics transport transportation freight shipping cargo express lines airlines airways aviation travel
    energy power electric electrical gas oil petroleum water utilities solar wind renewables resources mining metals steel
    foods food beverages beverage brewery breweries winery wines farms farm dairy bakery restaurant restaurants catering
    retail stores store shop shops market markets trading trade supply supplies wholesale distribution distributors
    health healthcare medical medicine clinic clinics hospital hospitals pharma pharmaceutical pharmaceuticals
    pharmacy biotech bio life sciences science care dental
    construction builders building buildings engineering engineers contractors property properties realty estate estates
    homes homebuilders architects architecture real
    automotive auto motors motor cars parts machines machinery tools equipment instruments robotics automation
    electronics semiconductor semiconductors telecom telecommunications mobile networks network wireless
    textiles textile apparel fashion clothing furniture home hotel hotels resort resorts hospitality
    school schools university college academy education educational learning training institute
    security safety legal law attorneys lawyers solicitors
    chemicals chemical plastics paper packaging print printing glass
    sports sport games gaming entertainment music film films
    environmental analytics intelligence practice veterinary photography marine spa inn clinic cooperative society
    association council club theatre gallery salon plumbing roofing landscaping cleaning accounting tax staffing
    recruitment events tours tourism coffee cafe bar grill kitchen pizza museum church charity orchestra center realty
    petroleum petrochemical petrochemicals cement ceramics shipyard shipyards boats yachts bikes bicycles toys books
    biosciences bioscience biotechnology biologics biopharma genomics diagnostics
    brothers sons fabrication fabricators metal wine trucking towing dentistry pediatric pediatrics orthopedics surgical
    agents agent agencies savings credit union trust mutual ministry ministries federal sports rental rentals leasing
    golf country aerospace physiotherapy physio therapy federation district county police fire municipal city town
    optics optical lighting packaging fisheries fishing seafood meat grain seeds flowers garden gardens nursery
    gesellschaft handel handels vertrieb dienste dienst technik werke bau maschinenbau verlag
    servicios soluciones sistemas tecnologia tecnologias comercial industrial internacional
    servizi sistemi soluzioni tecnologie internazionale solutions services systemes conseil
    """
)

# Words that set a part of a company apart from the rest: the parts are not the whole, nor each other.
PARTS = _words(
    """
    north south east west northern southern eastern western northeast northwest southeast southwest middle upper lower
    nord sud ost est oeste norte sur
    emea apac latam dach benelux nordics nordic iberia americas america asia pacific europe africa oceania mena cee anz
    usa us uk uae eu
    france germany deutschland spain espana italy italia portugal austria osterreich switzerland schweiz suisse
    belgium belgique belgie netherlands nederland luxembourg denmark danmark sweden sverige norway norge finland suomi
    iceland ireland england scotland wales britain poland polska czech czechia slovakia hungary romania bulgaria greece
    turkey turkiye russia ukraine serbia croatia slovenia estonia latvia lithuania
    canada mexico brazil brasil argentina chile colombia peru china japan korea india indonesia malaysia singapore
    thailand vietnam philippines taiwan australia zealand israel egypt nigeria kenya
    london paris berlin munich muenchen munchen hamburg frankfurt vienna wien zurich zuerich geneva madrid barcelona
    milan milano rome roma lisbon amsterdam rotterdam brussels dublin copenhagen stockholm oslo helsinki warsaw prague
    budapest moscow istanbul dubai tokyo osaka beijing shanghai shenzhen hongkong seoul mumbai delhi bangalore sydney
    melbourne toronto montreal vancouver york boston chicago houston dallas texas california florida ohio
    foundation subsidiary branch division regional
    """
)

# Anybody can have an address there, or a site: nothing follows from sharing one.
FREE = _words(
    """
    gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.co.uk hotmail.fr live.com msn.com yahoo.com
    yahoo.co.uk yahoo.de yahoo.fr yahoo.co.jp ymail.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.com gmx.at
    gmx.ch web.de t-online.de freenet.de mail.com mail.ru yandex.ru yandex.com rambler.ru bk.ru inbox.ru list.ru
    proton.me protonmail.com tutanota.com zoho.com fastmail.com hey.com qq.com 163.com 126.com sina.com foxmail.com
    naver.com daum.net hanmail.net orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it virgilio.it tiscali.it
    alice.it telefonica.net terra.com.br uol.com.br bol.com.br comcast.net verizon.net att.net sbcglobal.net cox.net
    btinternet.com sky.com virginmedia.com ziggo.nl kpnmail.nl planet.nl telenet.be skynet.be bluewin.ch seznam.cz wp.pl
    o2.pl onet.pl interia.pl rediffmail.com
    facebook.com linkedin.com instagram.com twitter.com x.com youtube.com github.com github.io google.com sites.google.com
    wordpress.com blogspot.com wixsite.com wix.com weebly.com squarespace.com webflow.io shopify.com myshopify.com
    jimdo.com tumblr.com medium.com notion.site herokuapp.com azurewebsites.net netlify.app vercel.app
    """
)

# Of these there is one in many countries.
EVERYWHERE = _words("yahoo hotmail outlook live gmx googlemail ymail yandex msn aol")

# Mailboxes that several people read.
ROLES = _words(
    """
    info contact hello hi support help service services sales office admin administrator webmaster postmaster hostmaster
    billing accounts accounting finance invoice invoices orders order purchasing procurement marketing press media pr
    hr jobs careers recruiting team mail email enquiries inquiries feedback noreply no-reply donotreply newsletter
    kontakt buero buchhaltung rechnung vertrieb contacto contato contatti ventas compras
    it helpdesk servicedesk security privacy legal abuse reception general
    ap ar payables receivables accountspayable accountsreceivable dispatch logistics shipping warehouse operations frontdesk management
    einkauf bestellung bestellungen zentrale verwaltung sekretariat empfang personal bewerbung geschaeftsfuehrung
    compta comptabilite facturation achats commandes direction secretariat accueil rh
    facturacion facturas pedidos direccion gerencia administracion contabilidad recepcion
    amministrazione ordini acquisti fatturazione contabilita segreteria direzione
    inkoop boekhouding facturatie administratie receptie ekonomi faktura
    """
)

# Legal forms that are nothing else, wherever they stand after the first word.
CLEAR = _words("inc incorporated corp corporation gmbh ltd limited llc llp plc sarl srl")

# What people add to a name for themselves.
NOTES = _words(
    """
    old new duplicate dup dupe test inactive hq headquarters main sandbox demo trial partner reseller customer prospect
    archived archive merged closed via use not do delete deleted former active key vip global local parent child master
    account acct billing shipping ship bill to c o care
    """
)

# Short forms, places and numbers in other languages → the words that they stand for; trades are in `trades`.
SHORT = {
    "intl": "international", "int": "international", "natl": "national", "mfg": "manufacturing",
    "mfr": "manufacturing", "tech": "technologies", "technology": "technologies", "techs": "technologies",
    "svcs": "services", "svc": "services", "service": "services", "solution": "solutions", "system": "systems",
    "sys": "systems", "assoc": "associates", "assocs": "associates", "bros": "brothers", "mgmt": "management",
    "mgt": "management", "eng": "engineering", "engr": "engineering", "ind": "industries", "inds": "industries",
    "industry": "industries", "univ": "university", "hosp": "hospital", "lab": "labs", "laboratories": "labs",
    "laboratory": "labs", "pharm": "pharma", "pharmaceutical": "pharma", "pharmaceuticals": "pharma",
    "fin": "financial", "ins": "insurance", "ctr": "center", "dept": "department", "dev": "development",
    "dist": "distribution", "elec": "electric", "equip": "equipment", "ent": "enterprises", "govt": "government",
    "grp": "group", "inst": "institute", "log": "logistics", "mkt": "market", "mktg": "marketing", "prod": "products",
    "prods": "products", "telecommunications": "telecom", "transportation": "transport", "st": "saint", "mt": "mount",
    "ft": "fort", "vet": "veterinary", "photo": "photography", "coop": "cooperative", "sw": "software",
    "1st": "first", "2nd": "second", "3rd": "third", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "co": "company",
    "clinics": "clinic", "schools": "school", "stores": "store", "bldrs": "builders", "constr": "construction",
    "comm": "communications", "comms": "communications", "corp": "corporation", "assn": "association",
    "soc": "society", "wks": "works", "chem": "chemicals", "eqpt": "equipment", "ingenieros": "engineering",
    "aliments": "food", "editions": "publishing", "mobel": "furniture", "bau": "construction", "hnos": "brothers",
    "ste": "saint", "gebruder": "brothers", "gebr": "brothers", "sohne": "sons", "fils": "sons", "usa": "us",
    "deutschland": "germany", "espana": "spain", "italia": "italy", "schweiz": "switzerland", "suisse": "switzerland",
    "osterreich": "austria", "nederland": "netherlands", "belgie": "belgium", "belgique": "belgium",
    "danmark": "denmark", "sverige": "sweden", "norge": "norway", "suomi": "finland", "polska": "poland",
    "turkiye": "turkey", "brasil": "brazil", "britain": "uk", "munchen": "munich", "wien": "vienna",
    "milano": "milan", "roma": "rome", "universitat": "university", "zn": "sons", "cu": "credit union",
    "soner": "sons", "technik": "technologies", "technologie": "technologies", "tecnologia": "technologies",
    "tecnologias": "technologies", "tecnologie": "technologies", "teknoloji": "technologies",
    "teknologi": "technologies", "loesungen": "solutions", "losungen": "solutions", "soluciones": "solutions",
    "soluzioni": "solutions", "sistemas": "systems", "sistemi": "systems", "systeme": "systems",
    "systemes": "systems", "konsult": "consulting", "beratung": "consulting", "conseil": "consulting",
    "internacional": "international", "internazionale": "international", "vin": "wine", "wyne": "wine",
    "wines": "wine", "braca": "brothers", "trdg": "trading", "seisakusho": "works", "shokuhin": "food",
    "denki": "electric", "kogyo": "industries", "huta": "steelworks", "holdco": "holding", "gruppe": "group",
    "groupe": "group", "gruppo": "group", "grupo": "group", "afdeling": "department", "hoa": "homeowners association",
    "fcu": "federal credit union", "rte": "route", "hwy": "highway", "jv": "joint venture", "med": "medical",
    "electronic": "electronics", "denshi": "electronics", "shree": "sri", "shri": "sri", "zwei": "2", "drei": "3",
    "vier": "4", "fuenf": "5", "funf": "5", "sechs": "6", "sieben": "7", "zehn": "10", "deux": "2", "trois": "3",
    "quatre": "4", "due": "2", "tre": "3", "dos": "2", "tres": "3", "cinq": "5", "cinco": "5", "cinque": "5",
    "seis": "6", "siete": "7", "sette": "7", "huit": "8", "ocho": "8", "nueve": "9", "neuf": "9", "cuatro": "4",
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
}  # fmt: skip

# Words for numbers, ten and more.
_TEENS = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {
    **{word: str(number) for number, word in enumerate(_TEENS.split(), 11)},
    **{word: f"{number}0" for number, word in enumerate(_TENS.split(), 2)},
}
# What follows them: forty second.
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth"
ORDINALS = {word: str(number) for number, word in enumerate(_ORDINALS.split(), 1)}
# Legal forms in words, as they are compared → in letters.
SPELT = {
    "gesellschaft mit beschraenkter haftung": "gmbh", "gesellschaft mit beschrankter haftung": "gmbh", "gesellschaft mbh": "gmbh",
    "ges m b h": "gmbh", "offene handelsgesellschaft": "ohg", "eingetragene genossenschaft": "eg", "eingetragener verein": "ev",
    "anstalt des oeffentlichen rechts": "aor", "public limited company": "plc", "limited liability company": "llc",
    "limited liability partnership": "llp", "limited partnership": "lp", "private limited": "pvt ltd",
    "societe par actions simplifiee": "sas", "societe a responsabilite limitee": "sarl", "societe anonyme": "sa",
    "sociedad anonima": "sa", "sociedad limitada": "sl", "sociedad de responsabilidad limitada": "sl", "sociedade anonima": "sa",
    "societa per azioni": "spa", "societa a responsabilita limitata": "srl", "besloten vennootschap": "bv",
    "naamloze vennootschap": "nv", "vennootschap onder firma": "vof", "spolka z ograniczona odpowiedzialnoscia": "spzoo",
    "spolka akcyjna": "sa", "sp z o o": "spzoo", "sp z oo": "spzoo", "s r o": "sro", "d o o": "doo", "societas europaea": "se", "anonim sirketi": "as",
}  # fmt: skip
NUMBERS = {
    "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight", "9": "nine",
    "10": "ten", "11": "eleven", "12": "twelve",
}  # fmt: skip
# What one company is to another: who names these names somebody else.
TIES = _words(
    "franchise franchisee franchisenehmer franchising member subsidiary division tochter filiale part by agent distributor dealer licensee"
)
# Who has these in its name answers phones and has domains for others.
SERVING = _words(
    "agency agencies agentur agence agencia agenzia studio studios media digital web webdesign hosting internet online it ict "
    "creative design marketing advertising communications management managers consulting accounting legal services solutions "
    "software systems technologies networks network office offices coworking hub center partners associates group holding realty "
    "franchise franchising insurance bank association"
)
# Where a company has a desk of its own: no part of its name.
DESKS = _words(
    "office offices hq headquarters department dept accounts payable receivable purchasing procurement legal finance it "
    "abteilung abt edv einkauf buchhaltung verwaltung buero afdeling inkoop boekhouding kantoor bureau achats comptabilite informatique "
    "departamento compras contabilidad oficina informatica ufficio acquisti contabilita avdeling avdelning innkjop inkop osasto"
)

# What begins with these is a desk, too: ufficio tributi.
OFFICES = _words(
    "office department dept abteilung abt afdeling departamento ufficio oficina bureau avdeling avdelning osasto referat"
)

COMMON = GENERIC | PARTS | HOUSE | SISTERS
SMALL = _words(
    "dr prof no nr number and und et y og och of the for fuer voor pour para per zum zur vom am im bei au aux de du des der die das di del della la le les el los"
)
