"""Names of countries and towns in several languages → one of them."""

from __future__ import annotations

# Of Unicode's names of countries these are looked through.
LANGUAGES = [
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "nb",
    "fi",
    "is",
    "et",
    "lv",
    "lt",
    "pl",
    "cs",
    "sk",
    "hu",
    "ro",
    "bg",
    "el",
    "hr",
    "sl",
    "sr",
    "uk",
    "ru",
    "tr",
    "ar",
    "he",
    "fa",
    "hi",
    "ja",
    "ko",
    "zh",
    "zh_Hant",
    "th",
    "vi",
    "id",
    "ms",
]
_COUNTRIES = """
us usa unitedstates unitedstatesofamerica
gb uk greatbritain unitedkingdom england scotland wales
de germany deutschland deu ger allemagne
fr france fra frankreich
it italy italia ita
es spain espana esp
pt portugal prt
at austria osterreich oesterreich aut
ch switzerland schweiz suisse che
nl netherlands thenetherlands nederland nld holland
be belgium belgique belgie bel
lu luxembourg lux
dk denmark danmark dnk
se sweden sverige swe
no norway norge nor
fi finland suomi fin
is iceland isl
ie ireland irl
pl poland polska pol
cz czechia czechrepublic ceskarepublika cze
sk slovakia svk
hu hungary magyarorszag hun
ro romania rou
bg bulgaria bgr
gr greece hellas grc el
tr turkey turkiye tuerkiye tur
ru russia russianfederation rus rossiya
ua ukraine ukr ukraina
rs serbia srb
hr croatia hrvatska hrv
si slovenia svn
ee estonia eesti est
lv latvia lva
lt lithuania ltu
ca canada can
mx mexico mex
br brazil brasil bra
ar argentina arg
cl chile chl
co colombia col
pe peru per
cn china prc peoplesrepublicofchina chn
hk hongkong hkg
tw taiwan twn
jp japan jpn nippon
kr korea southkorea republicofkorea kor
in india ind bharat
id indonesia idn
my malaysia mys
sg singapore sgp
th thailand tha
vn vietnam vnm
ph philippines phl
au australia aus
nz newzealand nzl
il israel isr
eg egypt egy
ng nigeria nga
ke kenya ken
za southafrica zaf
ae uae unitedarabemirates are
sa saudiarabia sau ksa
"""
COUNTRIES = {name: line.split()[0] for line in _COUNTRIES.splitlines() if line for name in line.split()}

# Countries in which no company is a Ltd., an Inc. or an LLC.
_WITHOUT_LTD = (
    "de at ch fr be nl lu it es pt se no dk fi is pl cz sk hu ro bg gr si hr rs ee lv lt mx br ar cl co pe"
)
WITHOUT_LTD = frozenset(_WITHOUT_LTD.split())

_TOWNS = """
munich munchen muenchen
cologne koln koeln
vienna wien
prague praha
warsaw warszawa
milan milano
rome roma
turin torino
florence firenze
naples napoli
venice venezia
genoa genova
lisbon lisboa
copenhagen kobenhavn
gothenburg goteborg
geneva geneve genf
zurich zuerich
brussels bruxelles brussel
antwerp antwerpen
thehague denhaag
moscow moskva
saintpetersburg sanktpeterburg stpetersburg
athens athina
thessaloniki salonica
bucharest bucuresti
belgrade beograd
seville sevilla
nuremberg nurnberg nuernberg
hanover hannover
brunswick braunschweig
dusseldorf duesseldorf
krakow cracow
kyiv kiev
cairo alqahira
mumbai bombay
bengaluru bangalore
kolkata calcutta
chennai madras
beijing peking
guangzhou canton
hochiminhcity saigon
newyork newyorkcity nyc
sanfrancisco sf
losangeles la
washington washingtondc
mexicocity ciudaddemexico cdmx
saopaulo sampa
leuven louvain lowen
ghent gent gand
bruges brugge
liege luik luttich
mechelen malines
kortrijk courtrai
tournai doornik
mons bergen
namur namen
biel bienne bielbienne
basel basle bale
lucerne luzern
fribourg freiburgimuchtland
sion sitten
bolzano bozen
meran merano
trento trient
padua padova
mantua mantova
leghorn livorno
syracuse siracusa
nice nizza
strasbourg strassburg
dunkirk dunkerque
lille rijsel
zaragoza saragossa
porto oporto
turku abo
helsinki helsingfors
tampere tammerfors
vaasa vasa
gdansk danzig
wroclaw breslau
poznan posen
szczecin stettin
brno brunn
plzen pilsen
bratislava pressburg
ljubljana laibach
lviv lwow lvov
kharkiv kharkov
odesa odessa
patras patra
piraeus pireas peiraias
heraklion iraklio
corfu kerkyra
izmir smyrna
nanjing nanking
tianjin tientsin
qingdao tsingtao
taipei taibei
kaohsiung gaoxiong
busan pusan
daegu taegu
daejeon taejon
incheon inchon
gwangju kwangju
yangon rangoon
pune poona
kochi cochin
vadodara baroda
thiruvananthapuram trivandrum
kozhikode calicut
mysuru mysore
mangaluru mangalore
gurugram gurgaon
jeddah jiddah
casablanca addarlbayda
algiers alger
tehran teheran
"""
TOWNS = {name: line.split()[0] for line in _TOWNS.splitlines() if line for name in line.split()}
