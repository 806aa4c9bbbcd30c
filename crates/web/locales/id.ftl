# Kata-kata di halaman Pendopo, dalam bahasa Indonesia. Kunci dan variabelnya sama dengan en.ftl, urutannya juga.

language-name = Bahasa Indonesia
number-group = .
time-separator = .
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = Mei
month-6 = Jun
month-7 = Jul
month-8 = Agu
month-9 = Sep
month-10 = Okt
month-11 = Nov
month-12 = Des

## Bingkai setiap halaman

skip = Langsung ke isi
nav-main = Menu utama
nav-language = Bahasa
nav-messages = Pesan
nav-users = Pengguna
nav-audit = Jejak audit
nav-status = Status
nav-account = Akun saya
nav-sign-in = Masuk
nav-sign-out = Keluar
zone = Waktu ditampilkan dalam { $zone }.
faults = Ada isian yang perlu diperiksa lagi. Yang sudah Anda ketik masih ada di sini.
back = Kembali

## Pemberitahuan setelah sesuatu dilakukan

notice-removed = Pesan sudah dihapus.
notice-signed-out = Anda sudah keluar.
notice-password-changed = Kata sandi sudah diganti. Semua sesi lain sudah diakhiri.
notice-session-ended = Sesi sudah diakhiri.
notice-token-revoked = Token tidak berlaku lagi.
notice-user-saved = Tersimpan.
notice-user-disabled = Akun dinonaktifkan. Semua sesinya sudah diakhiri.
notice-user-enabled = Akun aktif kembali.
notice-user-deleted = Pengguna sudah dihapus.

## Pesan

messages-title = Papan pesan
messages-lead = Tempat warga sekolah dan tamu saling berkabar.
messages-new = Tulis pesan
messages-text = Pesan
messages-text-hint = Paling banyak 1.000 karakter. Semua orang dapat membacanya.
messages-name = Nama (boleh dikosongkan)
messages-send = Kirim pesan
messages-latest = Pesan terbaru
messages-earlier = Pesan sebelumnya
messages-empty = Belum ada pesan. Jadilah yang pertama menulis.
messages-empty-earlier = Tidak ada pesan sebelumnya.
messages-nameless = Tanpa nama
messages-account = akun
messages-remove = Hapus
messages-older = Pesan yang lebih lama
messages-newest = Pesan terbaru
messages-closed = Hanya yang sudah masuk yang dapat menulis di sini.

## Masuk dan keluar

sign-in-title = Masuk
sign-in-lead = Selamat datang. Silakan masuk.
sign-in-login = Alamat email atau nama pengguna
sign-in-password = Kata sandi
sign-in-button = Masuk
sign-in-wrong = Nama atau kata sandi salah.
sign-in-wait = Terlalu banyak percobaan. Silakan coba lagi dalam { $seconds } detik.
sign-in-busy = Sedang banyak yang masuk. Silakan coba lagi beberapa detik lagi.
sign-in-help = Lupa kata sandi? Tata usaha sekolah dapat memberi yang baru.

## Akun sendiri

account-title = Akun saya
account-lead = Data Anda di sekolah ini, dan di mana saja Anda sedang masuk.
account-about = Data saya
account-name = Nama
account-email = Email
account-username = Nama pengguna
account-role = Peran
account-since = Terdaftar sejak
account-none = tidak ada
account-password = Ganti kata sandi
account-sessions = Tempat saya masuk
account-browser = Peramban
account-address = Alamat
account-started = Masuk
account-used = Terakhir dipakai
account-this = Peramban ini
account-unknown-browser = Peramban tidak dikenal
account-end = Akhiri sesi
account-tokens = Token API
account-tokens-lead = Dengan token, sebuah program dapat bertindak dengan hak Anda. Beri setiap program tokennya sendiri.
account-tokens-none = Anda tidak punya token.
account-token-label = Untuk apa?
account-token-scope = Boleh melakukan apa?
account-token-days = Berlaku berapa hari
account-token-days-hint = Dari 1 sampai 366.
account-token-ends = Berakhir
account-token-made = Dibuat
account-token-never = tidak pernah
account-token-over = sudah berakhir
account-token-create = Buat token
account-token-revoke = Cabut
account-token-new = Token baru Anda
account-token-once = Salin sekarang: token ini hanya ditampilkan sekali ini saja.
scope-read = Membaca
scope-write = Membaca dan mengubah

password-title = Ganti kata sandi
password-must = Kata sandi ini dibuatkan orang lain untuk Anda. Pilih kata sandi Anda sendiri sebelum melanjutkan.
password-old = Kata sandi sekarang
password-new = Kata sandi baru
password-again = Kata sandi baru, sekali lagi
password-hint = Paling sedikit 12 karakter dan tidak mudah ditebak. Tiga atau empat kata yang tidak berhubungan sudah baik.
password-faults = Kata sandi belum diganti. Mohon ketik semuanya sekali lagi.
password-button = Ganti kata sandi

## Pengguna

users-title = Pengguna
users-lead = Semua yang tercatat di sekolah ini.
users-search = Cari
users-search-label = Cari nama, email, atau nama pengguna
users-search-clear = Tampilkan semua
users-add = Tambah pengguna
users-count = { $count ->
   *[other] { $shown } pengguna
}
users-empty = Tidak ada yang ditemukan.
users-name = Nama
users-login = Masuk dengan
users-role = Peran
users-state = Akun
users-next = Halaman berikutnya
users-first = Halaman pertama
state-active = Aktif
state-must-change = Kata sandi sekali pakai
state-no-password = Belum ada kata sandi
state-disabled = Nonaktif
role-admin = Administrator
role-staff = Staf
role-member = Anggota

user-new-title = Tambah pengguna
user-new-lead = Pengguna dapat masuk setelah Anda memberinya kata sandi sekali pakai.
user-first-name = Nama depan
user-last-name = Nama belakang
user-email = Alamat email (boleh dikosongkan)
user-username = Nama pengguna (boleh dikosongkan)
user-username-hint = Untuk yang tidak punya email: 3 sampai 64 huruf, angka, titik, tanda hubung, atau garis bawah.
user-role = Peran
user-create = Tambahkan
user-edit = Data
user-save = Simpan perubahan
user-sign-in = Cara masuk
user-password-lead = Kata sandi sekali pakai ditampilkan kepada Anda satu kali. Pengguna harus memilih kata sandinya sendiri saat masuk.
user-password-needs-login = Agar dapat masuk, pengguna ini perlu alamat email atau nama pengguna. Simpan salah satunya dulu.
user-password-create = Buat kata sandi sekali pakai
user-password-title = Kata sandi sekali pakai
user-password-for = Untuk { $name }, yang masuk sebagai { $login }:
user-password-once = Catat sekarang: kata sandi ini hanya ditampilkan sekali ini saja, dan harus diganti saat pertama kali masuk.
user-password-done = Selesai
user-disable = Nonaktifkan akun
user-disable-lead = Pengguna yang dinonaktifkan tidak dapat masuk dan tokennya tidak berlaku. Tidak ada yang dihapus.
user-enable = Aktifkan akun
user-enable-lead = Akun ini nonaktif: penggunanya tidak dapat masuk dan tokennya tidak berlaku.
user-delete = Hapus pengguna
user-delete-title = Hapus { $name }?
user-delete-lead = Sesi dan tokennya ikut terhapus; pesannya tetap ada. Ini tidak dapat dibatalkan. Jika pengguna ini mungkin kembali, nonaktifkan saja akunnya.
user-delete-yes = Hapus selamanya
user-delete-no = Jangan hapus
user-stale = Orang lain mengubah pengguna ini saat Anda menyuntingnya. Perubahan Anda belum disimpan: bandingkan dengan yang tersimpan sekarang, lalu simpan lagi.
user-stale-delete = Orang lain baru saja mengubah pengguna ini. Silakan periksa lagi sebelum menghapus.

## Jejak audit

audit-title = Jejak audit
audit-lead = Setiap perubahan, oleh siapa dan dari mana. Catatan hanya dapat ditambah, tidak dapat diubah.
audit-verify = Periksa jejak
audit-sound = { $count ->
   *[other] Semua { $shown } catatan
} ada dan tidak berubah. Sidik catatan terakhir:
audit-broken = Jejak rusak di catatan { $seq }: hilang, berubah, atau salah urutan. Simpan salinan datanya dan beri tahu pengelola server.
audit-place = No.
audit-at = Kapan
audit-actor = Siapa
audit-action = Apa
audit-changes = Perubahan
audit-older = Catatan yang lebih lama
audit-newest = Catatan terbaru
audit-empty = Belum ada yang berubah.
actor-console = Konsol server
actor-visitor = Pengunjung
actor-anyone = Siapa saja (API terbuka)
actor-person = Pengguna { $id }
action-person-create = Pengguna { $id } ditambahkan
action-person-update = Pengguna { $id } diubah
action-person-delete = Pengguna { $id } dihapus
action-password-change = Pengguna { $id } mengganti kata sandinya
action-password-reset = Pengguna { $id } diberi kata sandi sekali pakai
action-session-start = Masuk
action-session-end = Sesi { $id } diakhiri
action-token-create = Token { $id } dibuat
action-token-revoke = Token { $id } dicabut
action-message-post = Pesan { $id } dikirim
action-message-remove = Pesan { $id } dihapus
action-ban-add = Larangan { $id } dibuat
action-ban-change = Larangan diubah ({ $id })
action-ban-remove = Larangan dicabut ({ $id })
yes = ya
no = tidak
field-first_name = Nama depan
field-last_name = Nama belakang
field-email = Email
field-username = Nama pengguna
field-role = Peran
field-is_disabled = Nonaktif
field-must_change_password = Kata sandi sekali pakai
field-has_password = Punya kata sandi
field-label = Untuk
field-scope = Lingkup
field-expires_at = Berakhir
field-person_id = Pengguna
field-message = Pesan
field-name = Nama
field-network = Jaringan
field-reason = Alasan
field-by = Dibuat oleh
field-since = Sejak
field-until = Sampai
field-is_forced = Paksa

## Status

status-title = Status
status-lead = Apa kata server ini tentang dirinya saat ini.
status-well = Semuanya siap.
status-waiting = Ada bagian yang belum siap.
status-ready = Siap
status-not-ready = Menunggu
part-admin = Pintu pengelola
part-backup = Cadangan
part-bans = Larangan
part-edge = Pintu depan
part-monitor = Pemantau
part-process = Pendopo
part-sandbox = Pagar pengaman
part-store = Catatan
part-web = Halaman dan API
reason-draining = Menyelesaikan yang sedang dikerjakan, dan tidak menerima yang baru.
reason-ended = Sudah berakhir.
reason-starting = Sedang mulai.
fact-access-log = Log akses
fact-certificate = Sertifikat
fact-certificate-expires = Sertifikat berakhir
fact-certificate-fault = Berkas sertifikat
fact-certificate-issuer = Penerbit sertifikat
fact-certificate-last-error = Galat terakhir saat mengambil sertifikat
fact-certificate-names = Nama di sertifikat
fact-certificate-next-attempt = Sertifikat berikutnya
fact-client-addresses = Alamat pengunjung
fact-data-directory = Folder data
fact-database = Basis data
fact-engine = Mesin
fact-files = Berkas
fact-health = Kesehatan
fact-http-listener = HTTP
fact-https-listener = HTTPS
fact-in-force = Berlaku
fact-last = Terbaru
fact-last-error = Galat terakhir
fact-last-verified-restore = Terakhir terbukti dapat dipulihkan
fact-log-generation = Generasi log
fact-new-privileges = Hak tambahan
fact-news = Kabar perubahan
fact-next = Berikutnya
fact-roles = Peran
fact-room-on-the-disk = Sisa ruang disk
fact-schedule = Jadwal
fact-schema = Skema
fact-size = Ukuran
fact-system-calls = Panggilan sistem
fact-version = Versi
value-come = langsung sampai
value-good = baik
value-local = dari otoritas server ini sendiri
value-own = dari otoritas yang dikenal

## Kesalahan isian, menurut kodenya

fault-required = Mohon diisi.
fault-too_long = Isian ini terlalu panjang.
fault-control_character = Isian ini memuat karakter kendali yang tidak terlihat. Mohon ketik ulang.
fault-email = Mohon tulis alamat email, misalnya ani@sekolah.example.
fault-username = Gunakan 3 sampai 64 huruf, angka, titik, tanda hubung, atau garis bawah.
fault-role = Pilih salah satu peran.
fault-taken = Isian ini sudah dipakai orang lain.
fault-password_short = Gunakan paling sedikit 12 karakter.
fault-password_long = Gunakan paling banyak 200 karakter.
fault-password_common = Ini mudah ditebak. Pilih yang tidak dipakai orang lain.
fault-password_same = Ini kata sandi Anda sekarang. Pilih yang lain.
fault-password_wrong = Ini bukan kata sandi Anda sekarang.
fault-password_again = Kedua kata sandi baru tidak sama.
fault-scope = Pilih apa yang boleh dilakukan token ini.
fault-expiry = Pilih dari 1 sampai 366 hari.
fault-other = Isian ini tidak berlaku.

## Halaman kesalahan, menurut kode masalahnya

error-home = Ke papan pesan
error-sign-in = Masuk
error-request = Jika meminta bantuan, sebutkan nomor ini:
error-retry = Anda dapat mencoba lagi dalam { $seconds } detik.
error-malformed-title = Itu tidak dapat dibaca
error-malformed-text = Ada isian yang rusak di jalan. Kembali, lalu coba dari sana.
error-parameter-title = Alamat itu tidak dapat dipahami
error-parameter-text = Ada bagian alamat yang tidak dapat dibaca. Kembali, lalu coba dari sana.
error-cursor-title = Tempat itu di daftar sudah tidak ada
error-cursor-text = Tautan itu milik daftar atau pencarian lain. Silakan mulai lagi dari halaman pertamanya.
error-unauthorized-title = Silakan masuk dulu
error-unauthorized-text = Halaman ini untuk yang sudah masuk.
error-forbidden-title = Ruang ini tidak terbuka untuk Anda
error-forbidden-text = Akun Anda tidak diizinkan melakukan ini. Jika seharusnya boleh, tanyakan kepada tata usaha sekolah.
error-password_change-title = Pilih kata sandi sendiri dulu
error-password_change-text = Kata sandi Anda dibuatkan orang lain. Setelah Anda menggantinya, semua pintu terbuka.
error-cross_origin-title = Itu datang dari situs lain
error-cross_origin-text = Demi keamanan Anda, server ini hanya menerima isian dari halamannya sendiri. Buka halamannya di sini, lalu kirim lagi.
error-insecure-title = Sambungan ini tidak aman
error-insecure-text = Kata sandi tidak diterima lewat sambungan tanpa enkripsi. Gunakan alamat yang dimulai dengan https.
error-not_found-title = Tidak ada apa-apa di sini
error-not_found-text = Halaman ini tidak ada, atau sudah tidak ada lagi.
error-method_not_allowed-title = Itu tidak dapat dilakukan di sini
error-method_not_allowed-text = Halaman ini ada, tetapi bukan untuk yang diminta. Kembali, lalu coba dari sana.
error-taken-title = Itu sudah dipakai orang lain
error-taken-text = Satu alamat email atau nama pengguna hanya untuk satu orang.
error-last_admin-title = Administrator terakhir harus tetap ada
error-last_admin-text = Kalau tidak, tak ada lagi yang dapat mengelola sekolah ini. Jadikan orang lain administrator dulu.
error-changed-title = Orang lain lebih dulu
error-changed-text = Ini baru saja diubah. Kembali, periksa lagi, lalu ulangi perubahan Anda.
error-too_large-title = Terlalu banyak sekaligus
error-too_large-text = Yang Anda kirim lebih besar daripada yang diterima halaman ini. Mohon dipersingkat.
error-media_type-title = Isian ini tidak dapat dibaca
error-media_type-text = Formatnya tidak diterima halaman ini.
error-range-title = Bagian itu tidak ada
error-range-text = Isinya berakhir sebelum bagian yang diminta. Mulai lagi dari awal.
error-validation-title = Itu tidak dapat diterima
error-validation-text = Ada isian yang tidak berlaku. Kembali, lalu periksa lagi.
error-key_reused-title = Itu sudah pernah dikirim
error-key_reused-text = Kunci yang sama sudah datang dengan isi lain sejak kemarin.
error-too_many-title = Pelan-pelan, ya
error-too_many-text = Terlalu banyak yang dicoba dalam waktu singkat dari tempat Anda.
error-internal-title = Ada yang rusak
error-internal-text = Kesalahannya pada kami, bukan pada Anda. Sudah dicatat untuk pengelola server.
error-unavailable-title = Sebentar lagi kembali
error-unavailable-text = Server sedang sangat sibuk, atau menunggu salah satu bagiannya.
error-search_too_slow-title = Pencarian itu terlalu lama
error-search_too_slow-text = Silakan cari sesuatu yang lebih panjang.
error-disk_full-title = Penyimpanan penuh
error-disk_full-text = Tidak ada yang disimpan. Pengelola server perlu menyediakan ruang dulu.
