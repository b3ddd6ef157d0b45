"""What companies do, in the languages that people use at work → one English word.

A name in a contract and the same name in a CRM are often in two languages: Bäckerei Moser, Moser Bakery. Each line is a trade. Words
stand as they are written, and are compared in plain Latin letters. Not here is what tells two neighbours apart: a primary school and a
grammar school, a savings bank and a cooperative one.
"""

from __future__ import annotations

_TRADES = """
bakery baker bäckerei bakkerij boulangerie panadería panificio padaria bageri bakeri leipomo piekarnia pekárna pekárstvo pékség brutărie пекарня パン
brewery brewing brauerei brouwerij brasserie cervecería cervejaria birrificio bryggeri panimo browar pivovar sörfőzde пивоварня 啤酒 酒造
winery cellars kellerei weinkellerei weingut kelders bodega bodegas vinícola cantina cantine cave pincészet vinařství винодельня
farm bauernhof boerderij ferme granja fattoria gårdsbruk gospodarstwo ферма
dairy dairies molkerei zuivel melkerij laiterie lechería latteria laticínios lácteos mejeri meijeri mleczarnia mlékárna
butcher metzgerei fleischerei slagerij boucherie carnicería macelleria slakteri teurastamo rzeźnia řeznictví
fisheries fischerei visserij pêcheries pesquera fiskeri kalastus rybołówstwo rybářství 水産 수산
timber holz holzbau holzhandel hout houthandel maderas madera legnami legno madeiras trelast trävaru puutavara drewno dřevo 木材
sawmill sägewerk zagerij scierie aserradero segheria serraria sagbruk sågverk saha tartak
joinery carpentry schreinerei tischlerei timmerbedrijf timmerwerken menuiserie carpintería falegnameria snickeri snekkeri stolarnia truhlářství asztalos
furniture möbel meubelen meubelmakerij meubles muebles mobili arredamenti móveis møbler huonekalut meble nábytek bútor mobilya мебель 家具 가구
flowers florist bloemen bloemisterij bloemist blumen fleurs fleuriste floristería fiorista blomster blommor kukka kwiaty květiny virág цветы
garden gardens gärtnerei tuinen tuincentrum jardins jardinería giardini trädgård puutarha ogrody zahradnictví
printing printers druck druckerei drukkerij imprimerie imprenta tipografia tipografía trykkeri tryckeri kirjapaino drukarnia tiskárna nyomda matbaa типография 印刷 인쇄
publishing publishers verlag uitgeverij editorial edizioni editrice editora forlag förlag wydawnictwo nakladatelství kiadó издательство 出版 출판
translations translation übersetzungen übersetzungsbüro vertalingen vertaalbureau traductions traducciones traduzioni traduções oversettelser översättningar käännöstoimisto tłumaczenia překlady переводы 翻訳 翻译
ceramics keramik keramiek céramique céramiques cerámica cerámicas ceramica ceramiche cerâmica keramika ceramika 陶瓷 陶器
tiles fliesen tegels carrelages azulejos piastrelle płytki
glassworks glashütte verrerie vetreria vidriería glasbruk lasitehdas sklárny sklárna
cement zement ciment cimenteries cementos cemento cimentos цемент 水泥 시멘트
steel stahl staal acier aciéries acero aceros acciaio acciaierie teräs ocel oțel çelik сталь 钢铁 鋼鉄 제철
foundry gießerei gieterij fonderie fundición fonderia fundição støperi gjuteri valimo odlewnia slévárna öntöde 鋳造 铸造
metal metalworks metall metallbau metaal metaalbewerking métallerie metalmeccanica metalli metallverk kovovýroba
machinery maschinen machines machinefabriek maquinaria macchine macchinari máquinas maskiner koneet maszyny stroje gépek машины 机械 機械 기계
engineering maschinenbau maschinenfabrik ingénierie ingeniería ingegneria engenharia ingenjörer konepaja strojírny inżynieria mühendislik инжиниринг 工程 エンジニアリング 엔지니어링
workshop werkstatt werkplaats atelier ateliers talleres officina officine verksted verkstad warsztat dílna мастерская
tools werkzeug werkzeuge werkzeugbau gereedschap outillage herramientas utensili ferramentas verktøy verktyg työkalut narzędzia nářadí 工具
mold molds mould moulds matrijzen moules moldes stampi 模具 金型 금형
sealing seals dichtung dichtungen dichtungstechnik étanchéité guarnizioni tiivisteet uszczelki
parts teile onderdelen pièces piezas recambios ricambi części alkatrész
electric elektro elektrotechnik elektriciteit électricité electricidad eléctrica elettrica elettrotecnica eletricidade sähkö elektryka elektřina elektrik электро 电气 電機 電気 전기
electronics elektronik elektronica électronique electrónica elettronica eletrônica elektroniikka elektronika электроника 电子 電子 전자
refrigeration kältetechnik koeltechniek frigorifique refrigeración refrigerazione kylteknik kjøleteknikk chłodnictwo
heating heizung heizungsbau verwarming chauffage calefacción riscaldamento lämpö ogrzewanie topení fűtés отопление
plumbing loodgieter plomberie fontanería idraulica rørlegger hydraulika instalatér
roofing dachdecker dachdeckerei dakdekkers couverture tejados coperture takläggare dekarstwo
painting painters malerbetrieb malermeister schilders schilderwerken peinture pinturas imbianchini målare malerfirma maalaus
construction contractors bauunternehmen bauunternehmung hochbau tiefbau bouw bouwbedrijf aannemer aannemingsbedrijf construcciones edilizia costruzioni construções bygg entreprenør rakennus budownictwo stavby stavební inşaat строительство 建设 建設 건설
architects architekten architectenbureau architectes arquitectos architetti arquitetos arkitekter arkkitehdit architekci architekti építész mimarlık архитекторы 설계
realty estate estates immobilien vastgoed immobilier immobilière immobiliare inmobiliaria imobiliária eiendom ejendomme fastigheter kiinteistöt nieruchomości ingatlan imobiliare emlak gayrimenkul недвижимость 房地产 不動産 부동산
holding holdings 控股 持株 지주 beteiligung beteiligungen beteiligungs deelnemingen participations participaciones partecipazioni holdingselskab
transport transporte transports trasporti vervoer transportes kuljetus przewozy doprava szállítás nakliyat taşımacılık перевозки 运输 運輸 運送 운송
logistics spedition spediteur expeditie spedycja spedizioni logistik logistiek logistique logística logistica logistikk logistiikka logistyka lojistik логистика 物流 물류
shipping reederei schifffahrt rederij scheepvaart naviera navigazione navegação rederi żegluga denizcilik судоходство 海运 海運 해운
shipyard shipyards werft scheepswerf chantier astillero astilleros cantiere cantieri estaleiro estaleiros verft telakka stocznia loděnice tersane ναυπηγεία верфь 造船 조선
aviation luftfahrt luchtvaart aviación aviazione aviação lotnictwo havacılık авиация 航空 항공
automotive autohaus autobedrijf automobiles automóviles automobili otomotiv автомобили 汽车 自動車 자동차
tyres tires reifen banden pneus neumáticos pneumatici däck renkaat opony pneumatiky lastik ελαστικά шины 轮胎 タイヤ 타이어
bicycles fahrräder fietsen vélos bicicletas biciclette cykler sykler polkupyörät rowery
travel reisen reisebüro reizen reisbureau voyages viajes viaggi viagens reiser resor matkat podróże utazás seyahat путешествия 旅行 여행
hotel hotels hôtel albergo hotell hotelli szálloda ξενοδοχείο гостиница отель 酒店 ホテル 호텔
restaurant gaststätte ristorante restaurante ristorazione restaurang ravintola restauracja restaurace étterem lokanta εστιατόριο ресторан 餐饮
food foods lebensmittel levensmiddelen alimentation alimentaire alimentos alimentari alimentare livsmedel næringsmiddel elintarvike żywność potraviny élelmiszer τρόφιμα продукты 食品 식품 للأغذية أغذية מזון
pasta pastificio teigwaren pâtes makaron těstoviny
salmon lachs saumon salmón salmone laks lohi łosoś losos
meat fleisch vlees viande carnes carni kjøtt mięso maso
fruit früchte fruits frutas frutta frukt owoce ovoce gyümölcs meyve фрукты
wine wein weine wijn wijnen vins vinos vini vinhos viini víno şarap вино
coffee kaffee kaffeerösterei koffie koffiebranderij caffè kaffe kahvi kávé kahve кофе 咖啡 コーヒー 커피
textiles textil textilien textiel textile tessile tessuti tejidos tecidos tekstil tekstiili tekstylia текстиль 纺织 紡織 섬유
clothing bekleidung kleding vêtements abbigliamento roupas kläder vaatteet odzież ruházat giyim одежда 服装 의류
laundry textilpflege wäscherei wasserij blanchisserie lavandería lavanderia tvätteri vaskeri pesula pralnia prádelna
shoes schuhe schoenen chaussures zapatos calzados calzature calçados obuwie ayakkabı обувь
jewellery jewelry jewelers juwelier bijouterie joyería gioielleria smykker jubiler klenoty
watches uhren uhrenmanufaktur horloges horlogerie horlogère relojería orologeria zegarki hodinky
cosmetics kosmetik cosmetica cosmétique cosmétiques cosméticos cosmetici kosmetikk kosmetika kozmetik косметика 化妆品 化粧品 화장품
optics optik optiker opticien optique óptica ottica optikk optikko optyka optika оптика
pharmacy apotheke apotheek pharmacie farmacia apotek apteekki apteka lékárna gyógyszertár eczane φαρμακείο аптека 药房 薬局 약국
pharma farmaceutica pharmaceutique farmacéutica farmaceutici фарма 制药 製薬 제약
hospital klinikum krankenhaus ziekenhuis hôpital ospedale sykehus sjukhus sairaala szpital nemocnice kórház hastane νοσοκομείο больница 医院 病院 병원 مستشفى
clinic klinik kliniek clinique clínica klinikk klinika klinikka клиника 诊所 クリニック
dental dentistry dentist dentists zahnarzt zahnarztpraxis tandarts tandartspraktijk dentaire dentistes odontología odontoiatria dentista tannlege tandläkare hammaslääkäri stomatologia stomatolog fogászat стоматология 歯科 치과
medical medizintechnik medisch médical médicale sanitaria medisinsk medyczny медицинский 医疗 医療 의료
veterinary vets veterinarian tierarzt tierarztpraxis dierenarts dierenkliniek vétérinaire vétérinaires veterinario veterinaria veterinær veterinär eläinlääkäri weterynaryjny veteriner ветеринарная
insurance versicherung versicherungen verzekeringen assurances assurance seguros assicurazioni forsikring försäkring vakuutus ubezpieczenia pojišťovna biztosító asigurări sigorta страхование 保险 保険 보험
mutual mutuelle mutualité onderlinge mutua mutualidad
bank banque banco banca pankki bankası τράπεζα банк 银行 銀行 은행 بنك
investments investissements inversiones investimenti investimentos investeringer investeringar inwestycje investice yatırım инвестиции 投资 投資 투자 השקעות
accounting accountants steuerberatung steuerberater boekhouding accountancy comptable comptabilité contabilità contabilidade regnskap redovisning tilitoimisto księgowość účetnictví könyvelő muhasebe бухгалтерия 会计 会計
legal rechtsanwälte rechtsanwalt anwaltskanzlei advocaten avocats abogados avvocati advogados advokater advokatfirma asianajotoimisto adwokaci avukatlık адвокаты 律师 法律
notary notariat notaris notaire notaires notaría
consulting unternehmensberatung adviesbureau advies consultores asesores asesoría consulenza consultoria rådgivning konsultit doradztwo poradenství tanácsadó danışmanlık консалтинг 咨询 コンサルティング 컨설팅
advertising werbung werbeagentur reclame reclamebureau publicité publicidad pubblicità reklame reklam mainonta reklama 广告 広告 광고
research forschung onderzoek recherche investigación ricerca pesquisa forskning tutkimus badania výzkum kutatás araştırma исследования 研究 연구
software programmatuur logiciels ohjelmistot oprogramowanie yazılım 软件 ソフトウェア 소프트웨어
automation automatisierung automatisierungstechnik automatisering automatisation automatismes automatización automazione automação automaatio automatyka automatizace otomasyon автоматизация 自动化 オートメーション 자동화
security sicherheit sicherheitsdienst beveiliging sécurité seguridad sicurezza segurança sikkerhet säkerhet turvallisuus ochrona güvenlik безопасность 警備 보안
cleaning gebäudereinigung reinigung schoonmaak schoonmaakbedrijf nettoyage limpiezas limpieza pulizie limpeza renhold rengöring siivous sprzątanie takarítás temizlik клининг 清洁 清掃 청소
lighting beleuchtung verlichting éclairage éclairages iluminación illuminazione iluminação belysning valaistus oświetlenie osvětlení világítás aydınlatma освещение 照明 조명
energy energie énergie energía energia energi enerji энергия 能源 エネルギー 에너지
water wasser wasserwerke waterbedrijf aguas acqua águas vatten vesi wodociągi vodárny
utilities stadtwerke gemeindewerke nutsbedrijf
chemicals chemical chemie chimie chimique química chimica kjemi kemia chemia kimya химия 化学 化工 화학
plastics kunststoffe kunststofftechnik kunststoffen plastiques plásticos plastica plastiche muovi tworzywa plasty műanyag plastik пластик 塑料 プラスチック 플라스틱
rubber gummi kautschuk caoutchouc caucho gomma borracha резина 橡胶 ゴム 고무
paper papier papierfabrik papel carta cartiera papir papper paperi papír kağıt бумага 纸业 製紙 제지
packaging verpackung verpackungen verpakking verpakkingen emballages emballage envases embalajes imballaggi embalagens emballasje förpackning pakkaus opakowania csomagolás ambalaj упаковка 包装 포장
trading handel handels handelshaus handelsonderneming négoce comercio comercial commerciale comércio kauppa handlowy obchod kereskedelem ticaret торговля 贸易 貿易 商事 商会 무역 للتجارة تجارة
wholesale großhandel groothandel grossiste mayorista ingrosso atacado grossist hurtownia velkoobchod nagykereskedelem опт 批发
distribution vertrieb distributie distribución distribuzione distribuição distribusjon jakelu dystrybucja distribuce dağıtım дистрибуция
manufacturing manufacture manufaktur hersteller fabricación produzione fabricação tillverkning valmistus produkcja výroba gyártás üretim imalat производство 制造 製造 제조
works werk werke fabriek usine fábrica fabbrica fabrik tehdas zakłady fabryka továrna závody gyár fabrika завод 製作所 工場 工业 工業 공업
services dienstleistungen dienstleistung dienste diensten prestations servicios servizi serviços tjenester tjänster palvelut usługi služby szolgáltatás servicii hizmetleri услуги 服务 サービス 서비스
school schule école escuela scuola escola skole skola koulu szkoła škola iskola σχολείο школа 学校 학교
kindergarten kita kindertagesstätte kinderopvang kinderdagverblijf guardería barnehage förskola päiväkoti przedszkole óvoda anaokulu детсад 幼儿园 幼稚園 유치원
university universität universiteit université universidad università universidade universitet universitetet yliopisto uniwersytet univerzita egyetem üniversitesi πανεπιστήμιο университет 大学 대학교 جامعة
institute institut instituut instituto istituto institutt instituutti instytut intézet institutul enstitüsü институт 研究所 연구소 معهد
center centre zentrum centrum centro senter keskus központ merkezi центр 中心 センター 센터 مركز
library bibliothek bibliotheken bücherei bibliotheek bibliothèque biblioteca bibliotek kirjasto biblioteka knihovna könyvtár kütüphane библиотека 图书馆 図書館
museum musée museo museu museet muzeum музей 博物馆 美術館
theatre theater théâtre teatro teater teatteri teatr divadlo színház театр
association verein verband vereniging asociación associazione associação forening förening yhdistys stowarzyszenie egyesület derneği ассоциация 协会 協会 협회
cooperative genossenschaft coöperatie coopérative cooperativa samvirke osuuskunta spółdzielnia družstvo szövetkezet kooperatifi кооператив 合作社 협동조합
municipality gemeinde gemeente mairie commune ayuntamiento comune município prefeitura kommune kommun kunta gmina önkormányzat belediyesi
ministry ministerium ministerie ministère ministerio ministero ministério departement ministerstwo minisztérium bakanlığı министерство وزارة
church kirche kirchengemeinde église iglesia chiesa igreja kirke kyrka kirkko kościół kostel церковь 教会 교회
music musik muziek musique música musica musikk musiikki muzyka müzik музыка 音乐 音楽 음악
toys spielwaren spielzeug speelgoed jouets juguetes giocattoli brinquedos leksaker zabawki hračky oyuncak игрушки 玩具
brothers gebrüder gebroeders hermanos frères fratelli irmãos brødrene bröderna veljekset bracia bratři kardeşler αφοί братья 兄弟
sons söhne zonen hijos figli filhos sønner söner synowie synové oğulları υιοί сыновья
"""
TRADES: dict[str, str] = {}
for _line in _TRADES.split("\n"):
    for _word in _line.split()[1:]:
        TRADES.setdefault(_word, _line.split()[0])
