r"""Identifiers of all eighteen letters as logs, JSON, HL7, tables and prose hold them: invented.

Each line is a letter, a kind and a text in which «» stand around the value. `\n` is a line feed.
Written from the clause and from what systems of clinics write, not from the table.
"""

from __future__ import annotations

__all__ = ["PROBE"]

_LINES = r"""
A log INFO chart opened patient_name="«Robert Hernandez»" by nurse station 4
A log 2024-03-01 08:00:01 WARN pt=«Dana Whitfield» flagged for falls
A json {"patientName": "«Mary O'Neil»", "status": "active"}
A json {"resourceType":"Patient","name":[{"family":"«Okonkwo»","given":["«Adaeze»"]}]}
A json {"patient": {"first_name": "«Lucia»", "last_name": "«Benedetti»"}}
A hl7 PID|1||48213^^^MERCY^MR||«DOE^JANE^Q»||19500101|F
A hl7 NK1|1|«SMITH^ROBERT»|SPO|12 ELM ST^^OMAHA^NE^68102
A csv patient_name\n«Harold Jenkins»
A csv Patient Last Name,ward\n«Jenkins»,4B
A prose Patient: «Wilhelmina Baker» was seen for follow up.
A prose «Mr. Delgado» reports that the pain is better.
A prose Her emergency contact: «Thomas Baker», is on the way.
A prose Dear «Mrs. Lindqvist», your results are back.
A prose Mother's maiden name: «Kowalczyk»
B log ship to address="«4520 Birch Hollow Lane, Tampa, FL 33612»" ok
B log geo lookup lat=«27.950575» lon=«-82.457178»
B log POST /intake zip=«33612» 200
B json {"address": {"line": ["«77 Harbor View Rd»"], "city": "«Duluth»", "postalCode": "«55802»"}}
B json {"homeAddress": "«18 Cedar Ct, Apt 4, Boise, ID 83702»"}
B json {"zip_code": "«83702-1123»"}
B json {"patient_county": "«Ada County»"}
B hl7 PID|1||48213||DOE^JANE||19500101|F|||«12 MAIN ST^^BOSTON^MA^02118»
B csv street_address,zip\n«991 Juniper Avenue»,«97401»
B csv patient_city\n«Eugene»
B prose She lives at «23 Prospect Street» with her sister.
B prose He moved to «Springfield, IL 62704» in May.
B prose Send it to «P.O. Box 1147», please.
B prose The first digits of the patient's ZIP code: «036»
C log dob=«1948-11-02» verified
C log discharge_date=«2024-02-14T10:30:00» bed=12
C log 2024-03-01 INFO appointment_date: «03/18/2024» booked
C json {"birthDate": "«1948-11-02»"}
C json {"date_of_death": "«2023-12-30»"}
C json {"age": «94», "sex": "female"}
C json {"admissionDate":"«20240211»"}
C hl7 PID|1||48213||DOE^JANE||«19481102»|F
C csv dob,sex\n«11/02/1948»,F
C csv admit_date,ward\n«2/11/24»,4B
C prose Born «November 2, 1948», in good health.
C prose She was admitted on «February 11, 2024» with chest pain.
C prose He was discharged on «14 Feb 2024».
C prose A «97-year-old» man with a fall.
C prose Surgery on «March 3rd» went well.
C prose The patient is «101 years old» and lives alone.
D log sms queued to=«+14155869071» template=reminder
D log callback_number=«(415) 586-9071»
D json {"phone": "«415-586-9071»"}
D json {"telecom":[{"system":"phone","value":"«(415) 586-9071»"}]}
D json {"mobile": "«4155869071»"}
D hl7 PID|1||48213||DOE^JANE||19481102|F|||12 MAIN ST^^BOSTON^MA||«(617)586-9071»
D csv phone\n«415.586.9071»
D csv cell_phone,ok\n«1-415-586-9071»,y
D prose Call her daughter at «415 586 9071» after six.
D prose Reach him on «+44 20 7946 1958».
D prose Pager «415-586-9071 ext 22»
E log fax queued fax_number=«415-586-9072» pages=3
E log efax to «+1 (415) 586-9072» done
E json {"fax": "«(415) 586-9072»"}
E json {"faxNumber": "«4155869072»"}
E json {"system":"fax","value":"«415-586-9072»"}
E csv fax\n«415-586-9072»
E csv Fax Number,name\n«1.415.586.9072»,x
E prose Fax the records to «415-586-9072».
E prose FAX: «(415)586-9072»
F log mail queued for «d.whitfield@mercy-north.org»
F log GET /reset?email=«d.whitfield%40mercy-north.org» 200
F json {"email": "«dana_w+portal@inbox-mail.net»"}
F json {"contact":{"system":"email","value":"«DWhitfield@Mercy-North.ORG»"}}
F hl7 PID|1||48213||DOE^JANE||19481102|F|||||^NET^Internet^«jane.doe@inbox-mail.net»
F csv email\n«dana@inbox-mail.net»
F csv E-Mail,opt\n«o'neil@inbox-mail.net»,in
F prose Write to «dana.whitfield@uni-klinik.de», she said.
F prose dana «dana [at] inbox-mail [dot] net»
G log verify ssn=«219-53-8841» ok
G log user 12 ssn_last4: «8841»
G json {"ssn": "«219538841»"}
G json {"socialSecurityNumber":"«219-53-8841»"}
G json {"identifier":{"system":"http://hl7.org/fhir/sid/us-ssn","value":"«219-53-8841»"}}
G hl7 PID|1||48213||DOE^JANE||19481102|F||||||||||||«219538841»
G csv ssn,name\n«219-53-8841»,x
G csv Social Security\n«219 53 8841»
G prose Her social security number is «219-53-8841».
G prose SSN: xxx-xx-«8841»
H log MRN: «00482913» updated
H log loaded chart for patient_id=«PT-482913»
H json {"mrn": "«4829130»"}
H json {"medicalRecordNumber":"«H00482913»"}
H json {"identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"«MRN482913»"}]}
H hl7 PID|1||«482913»^^^MERCY^MR||DOE^JANE
H csv mrn\n«482913»
H csv Medical Record No,ward\n«48-29-13»,4B
H prose The patient (MRN «482913») was seen.
H prose Medical record number «4829130», see chart.
H prose Chart #«482913» is missing.
I log eligibility member_id=«XYZ904482013» plan=PPO
I log medicare id «1AC2-DE3-FG45» checked
I json {"subscriberId": "«W904482013»"}
I json {"mbi": "«1AC2DE3FG45»"}
I json {"insurance_policy_number":"«POL-904482013»"}
I hl7 IN1|1|«904482013»|MEDI|MEDICARE
I csv member_id\n«904482013A»
I csv Policy Number,payer\n«88-904482»,BCBS
I prose Her Medicaid number is «904482013».
I prose Group number «70044», member ID «ABC12345678» of the health plan.
I prose HICN «219-53-8841A», still on old cards.
J log charge card=«4539148803436467» declined
J log bank_account=«000123456789» linked
J json {"cardNumber": "«4539 1488 0343 6467»"}
J json {"iban": "«DE89370400440532013000»"}
J json {"accountNumber":"«000123456789»","routing_number":"«021000021»"}
J csv account_no\n«0044820-13»
J csv Guarantor Account,due\n«44820133»,12.50
J prose Bill patient account #«4482013» please.
J prose IBAN «GB82 WEST 1234 5698 7654 32» for the refund.
J prose Pay to «1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2» in bitcoin.
K log prescriber dea=«AB1234563»
K log check license_number=«D1234567» state=CA
K json {"driversLicense": "«D1234567»"}
K json {"medical_license":"«MD-482913»"}
K json {"deaNumber":"«BD4820913»"}
K csv license_no\n«RN482913»
K csv Certificate Number,year\n«CN-482913»,2019
K prose Driver's license «D1234567» was copied.
K prose Nursing license number «RN-482913» is valid.
K prose Birth certificate no. «151-48-029131» was shown.
L log vehicle vin=«1HGCM82633A004352» towed
L log plate_number=«7XYZ123»
L json {"vin": "«1M8GDM9AXKP042788»"}
L json {"licensePlate":"«ABC-1234»"}
L csv vin\n«1HGCM82633A004352»
L csv License Plate,lot\n«7XYZ 123»,B
L prose The car, VIN «1M8GDM9AXKP042788», was parked outside.
L prose License plate «ABC 1234» blocks the ambulance.
M log pump serial_number=«PMP-482913» infusion started
M log pacemaker sn=«PM482913» interrogated
M json {"deviceSerialNumber": "«482913-77»", "type": "insulin pump"}
M json {"udi": "(01)00844588003288(17)141120(21)«S12345»"}
M json {"imei":"«490154203237518»"}
M log ble connect mac=«8c:85:90:3b:aa:01»
M csv device_id,kind\n«DEV-482913»,pacemaker
M csv Implant Serial Number\n«IMP48291377»
M prose The defibrillator, serial number «DF-482913», was replaced.
M prose Cochlear implant S/N «CI482913» works.
N log GET «https://portal.mercy-north.org/patients/48213» 200
N log "GET /fhir/Patient/«a-48213» HTTP/1.1" 200
N json {"url": "«https://portal.mercy-north.org/members/48213/summary»"}
N json {"link":"«https://portal.mercy-north.org/view?patient_id=48213»"}
N csv patient_url\n«https://portal.mercy-north.org/p/48213»
N prose Her page is «https://www.caringbridge.org/visit/danawhitfield».
N prose See «www.danawhitfield.com» for photos of the patient.
O log client_ip=«81.2.69.142» login
O log x-forwarded-for: «81.2.69.142», 10.0.0.3
O json {"remote_addr": "«2a00:1450:4009:81f::200e»"}
O json {"ipAddress":"«81.2.69.142»"}
O csv ip_address\n«81.2.69.142»
O csv Client IP,ok\n«2a00:1450:4009:81f::200e»,y
O prose The portal was opened from IP «81.2.69.142» at noon.
P log enroll fingerprint_id=«FP-48291377»
P log voiceprint=«9f8e7d6c5b4a39281706» matched
P json {"fingerprint_template": "«Rk1SACAyMAAAAADkAAgAyQFnAMUAxQEAAAEBZ4EoAK»"}
P json {"retinaScan":"«s3://bio/ret/48213_left.bin»"}
P json {"face_embedding": «[0.123, -0.441, 0.902, 0.118]»}
P csv iris_scan_id\n«IR482913»
P csv Biometric ID,type\n«BIO-482913»,palm
P prose The voice print «VP-482913» is on file.
P prose Fingerprint record «FP-20771» was matched.
Q log saved patient_photo=«/media/patients/48213/face.jpg»
Q log uploaded «s3://clinic/headshots/dana_whitfield_face.png» for the patient
Q json {"photo_url": "«https://cdn.mercy-north.org/p/48213.jpg»"}
Q json {"photo":[{«"contentType":"image/jpeg","url":"Binary/48213"»}]}
Q json {"profileImage":"«uploads/48213-profile.jpeg»"}
Q csv photo_path\n«img/48213.png»
Q prose The patient photo «IMG_48213.jpg» is attached.
Q prose Full face photograph: «DSC_0482.JPG»
R log passport=«C12345678» scanned
R log visit_number=«V-4820913» patient admitted
R json {"passportNumber": "«482913077»"}
R json {"encounter_id":"«ENC-4820913»","patient":"x"}
R json {"npi": "«1245319599»"}
R json {"patientId":"«550e8400-e29b-41d4-a716-446655440000»"}
R csv accession_number\n«A-24-004820»
R csv Subject ID,arm\n«012-0045»,B
R prose Prescription number «4820913» is ready.
R prose Employee ID «E482913» of the patient's employer.
R prose Taxpayer number (ITIN) «912-78-4821».
A log user opened record of «SMITH, JOHN A» at 10:02
A json {"fullName": "«Priya Raman»", "mrn": "1"}
A json {"name": [{"text": "«Peter James Chalmers»"}]}
A csv name,dob\n«Ana Sousa»,1980-01-02
A prose Spoke with patient's wife «Karen Whitfield» today.
A prose Pt «Maria Lopez» c/o headache.
B log shipping_address=«12 Oak Ave Apt 3B, Denver CO 80203»
B json {"street": "«1600 Lakeview Terrace»", "state": "CO"}
B json {"county":"«Jefferson County»"}
B prose Patient resides in «Boulder, CO».
B prose Address: «8th Floor, 22 Kings Road, Leeds LS1 4AP»
C log timestamp admitted=«03-11-2024»
C json {"dateOfService": "«2024-05-06»"}
C json {"deceasedDateTime": "«2015-02-14T13:42:00+10:00»"}
C prose DOB «1/2/53», male.
C prose Follow-up appointment on «June 5» at noon.
C prose Age: «92»
C csv visit_date\n«05-MAR-2024»
D log tel:«+1-202-456-1414»
D json {"workPhone": "«202.456.1414»"}
D prose Home phone (h) «202 456-1414».
D prose cell: «2024561414»
E prose Our fax is «(202) 456-2461».
E log F: fax=«+12024562461»
F log to=<«karen_w@clinic-mail.co.uk»>
F prose Email «karen.w@clinic-mail.io» or call.
G log tin/ssn «123-45-6788»
G prose Last four of social «6788»
G csv patient_ssn\n«123456788»
H log medrec=«MR-0091827»
H json {"record_number": "«0091827»"}
H json {"patient_mrn":"«E12345678»"}
H prose MR# «12-34-56» was pulled.
H prose Patient number «P0091827» here.
H csv Hospital Number\n«0091827»
I json {"memberNumber": "«1EG4-TE5-MK99»"}
I json {"medicaid_id":"«AB12345C»"}
I prose Health plan beneficiary number «HPB-9182736».
I prose Blue Cross policy number «XWB9182736».
I log insurance_id=«9182736450»
J json {"bankAccount": "«9876543210»"}
J prose Account number «1234-5678-90» at First National.
J log acct#«99887766» past due
J prose Visa «4012888888881881» on file... exp 09/27
K json {"licenseNumber":"«A12345678»"}
K prose Medical license «G-88213» (California).
K prose DEA number «FD1234563».
K prose Pilot certificate number «3918273»
L prose Vehicle tag «8ABC123» in lot.
L json {"vehicleIdentificationNumber":"«5YJSA1E14HF000337»"}
L log car plate «MH12AB1234»
M json {"serial_number": "«SN-91827364»","device":"glucometer"}
M prose Pacemaker Medtronic Azure, serial «RNB918273G».
M json {"deviceIdentifier":"«00643169001763»"}
M log device_mac=«A4:83:E7:12:34:56»
N json {"profileUrl":"«https://www.linkedin.com/in/karen-whitfield-77»"}
N prose Her blog «http://karens-recovery.blogspot.com» has details.
O log Failed login from «203.45.167.89» port 22
O prose IP address: «2601:646:8200:1234::5»
O csv source_ip\n«73.162.4.19»
P json {"biometricId":"«bio-7f3a9c»"}
P json {"voice_print_hash": "«a94a8fe5ccb19ba61c4c0873d391e987982fbbd3»"}
P prose Retinal scan ID «RS-20391».
P log fingerprint template: «FMR-0098123-A»
Q json {"photo": "«https://img.clinic.net/faces/0091827.jpg»"}
Q prose <img src="«/uploads/patient_0091827.png»">
Q log stored full_face_photo=«bucket/ff/0091827.heic»
R json {"unique_id": "«UID-7741-99»","patient":true}
R prose Study ID «ABC-014-0032» was randomized.
R prose Case number «2024-CV-00123».
R json {"specimenId":"«SP24-00192»"}
R log rx_number=«RX7741990»
R prose Passport «X1234567» from Canada.
"""

#: Letter, kind, text with «» around the values.
PROBE: tuple[tuple[str, str, str], ...] = tuple(
    (line[0], line.split(" ")[1], line.split(" ", 2)[2].replace("\\n", "\n"))
    for line in _LINES.strip().splitlines()
)
