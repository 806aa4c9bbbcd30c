# The words of Pendopo's pages, in English. Same keys and same variables as in id.ftl, in the same order.

language-name = English
number-group = ,
time-separator = :
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

## The frame of every page

skip = Skip to the content
nav-main = Main menu
nav-language = Language
nav-messages = Messages
nav-users = Users
nav-audit = Audit trail
nav-status = Status
nav-account = My account
nav-sign-in = Sign in
nav-sign-out = Sign out
zone = Times are shown in { $zone }.
faults = Some of this needs another look. What you typed is still here.
back = Back

## Notices after something was done

notice-removed = The message was removed.
notice-signed-out = You have signed out.
notice-password-changed = Your password was changed. Every other session has ended.
notice-session-ended = The session has ended.
notice-token-revoked = The token no longer works.
notice-user-saved = Saved.
notice-user-disabled = The account is disabled. Its sessions have ended.
notice-user-enabled = The account is enabled again.
notice-user-deleted = The user was deleted.

## Messages

messages-title = Message board
messages-lead = What the school and its guests have to tell each other.
messages-new = Write a message
messages-text = Message
messages-text-hint = Up to 1,000 characters. Everyone can read it.
messages-name = Name (optional)
messages-send = Post message
messages-latest = Latest messages
messages-earlier = Earlier messages
messages-empty = No messages yet. The first one could be yours.
messages-empty-earlier = There are no earlier messages.
messages-nameless = No name
messages-account = account
messages-remove = Remove
messages-older = Older messages
messages-newest = Newest messages
messages-closed = Only those who have signed in can post here.

## Signing in and out

sign-in-title = Sign in
sign-in-lead = Welcome. Please come in.
sign-in-login = E-mail address or username
sign-in-password = Password
sign-in-button = Sign in
sign-in-wrong = The name or the password is wrong.
sign-in-wait = Too many attempts. Please try again in { $seconds ->
    [one] one second
   *[other] { $seconds } seconds
}.
sign-in-busy = Many people are signing in right now. Please try again in a few seconds.
sign-in-help = Forgotten your password? The school office can give you a new one.

## One's own account

account-title = My account
account-lead = What the school keeps about you, and where you are signed in.
account-about = About me
account-name = Name
account-email = E-mail
account-username = Username
account-role = Role
account-since = Here since
account-none = none
account-password = Change password
account-sessions = Where I am signed in
account-browser = Browser
account-address = Address
account-started = Signed in
account-used = Last used
account-this = This browser
account-unknown-browser = Unknown browser
account-end = End session
account-tokens = API tokens
account-tokens-lead = A token lets a program act with your rights. Give each program its own.
account-tokens-none = You have no tokens.
account-token-label = What is it for?
account-token-scope = What may it do?
account-token-days = Days until it ends
account-token-days-hint = From 1 to 366.
account-token-ends = Ends
account-token-made = Made
account-token-never = never
account-token-over = ended
account-token-create = Make a token
account-token-revoke = Revoke
account-token-new = Your new token
account-token-once = Copy it now: it is shown this one time only.
scope-read = Read
scope-write = Read and change

password-title = Change password
password-must = Somebody else gave you this password. Choose your own before you go on.
password-old = Current password
password-new = New password
password-again = New password, once more
password-hint = At least 12 characters, and nothing that is easy to guess. Three or four unrelated words do well.
password-faults = Your password is not changed yet. Please type it all again.
password-button = Change password

## Users

users-title = Users
users-lead = Everyone with a place in this school's records.
users-search = Search
users-search-label = Search by name, e-mail or username
users-search-clear = Show all
users-add = Add a user
users-count = { $count ->
    [one] One user
   *[other] { $shown } users
}
users-empty = Nobody was found.
users-name = Name
users-login = Signs in with
users-role = Role
users-state = Account
users-next = Next page
users-first = First page
state-active = Active
state-must-change = One-time password
state-no-password = No password yet
state-disabled = Disabled
role-admin = Administrator
role-staff = Staff
role-member = Member

user-new-title = Add a user
user-new-lead = They can sign in once you have given them a one-time password.
user-first-name = First name
user-last-name = Last name
user-email = E-mail address (optional)
user-username = Username (optional)
user-username-hint = For those without an e-mail address: 3 to 64 letters, digits, dots, hyphens or underscores.
user-role = Role
user-create = Add user
user-edit = Details
user-save = Save changes
user-sign-in = Signing in
user-password-lead = A one-time password is shown to you once. They must choose their own when they sign in.
user-password-needs-login = To sign in, this user needs an e-mail address or a username. Save one first.
user-password-create = Make a one-time password
user-password-title = One-time password
user-password-for = For { $name }, who signs in as { $login }:
user-password-once = Write it down now: it is shown this one time only. It must be changed at the first sign-in.
user-password-done = Done
user-disable = Disable account
user-disable-lead = A disabled user cannot sign in, and their tokens do not work. Nothing is deleted.
user-enable = Enable account
user-enable-lead = This account is disabled: its user cannot sign in, and their tokens do not work.
user-delete = Delete user
user-delete-title = Delete { $name }?
user-delete-lead = Their sessions and tokens go with them; their messages stay. This cannot be undone. If they may come back, disable the account instead.
user-delete-yes = Delete for good
user-delete-no = Keep
user-stale = Somebody else changed this user while you were editing. Your changes are not saved yet: compare them with what is stored now, then save again.
user-stale-delete = Somebody else changed this user in the meantime. Please look again before you delete.

## Audit trail

audit-title = Audit trail
audit-lead = Every change, by whom and from where. Entries can be added, never changed.
audit-verify = Verify the trail
audit-sound = { $count ->
    [one] The one entry is
   *[other] All { $shown } entries are
} there and unchanged. Fingerprint of the last one:
audit-broken = The trail is broken at entry { $seq }: it is missing, changed or out of order. Keep a copy of the data and tell whoever looks after the server.
audit-place = No.
audit-at = When
audit-actor = Who
audit-action = What
audit-changes = Change
audit-older = Older entries
audit-newest = Newest entries
audit-empty = Nothing has been changed yet.
actor-console = Server console
actor-visitor = Visitor
actor-anyone = Anyone (open API)
actor-person = User { $id }
action-person-create = User { $id } added
action-person-update = User { $id } changed
action-person-delete = User { $id } deleted
action-password-change = User { $id } changed their password
action-password-reset = User { $id } got a one-time password
action-session-start = Signed in
action-session-end = Session { $id } ended
action-token-create = Token { $id } made
action-token-revoke = Token { $id } revoked
action-message-post = Message { $id } posted
action-message-remove = Message { $id } removed
action-ban-add = Ban { $id } made
action-ban-change = Ban changed ({ $id })
action-ban-remove = Ban removed ({ $id })
yes = yes
no = no
field-first_name = First name
field-last_name = Last name
field-email = E-mail
field-username = Username
field-role = Role
field-is_disabled = Disabled
field-must_change_password = One-time password
field-has_password = Has a password
field-label = For
field-scope = Scope
field-expires_at = Ends
field-person_id = User
field-message = Message
field-name = Name
field-network = Network
field-reason = Reason
field-by = Made by
field-since = Since
field-until = Until
field-is_forced = Forced

## Status

status-title = Status
status-lead = What this server says about itself right now.
status-well = Everything is ready.
status-waiting = Some parts are not ready.
status-ready = Ready
status-not-ready = Waiting
part-admin = Private listener
part-backup = Backups
part-bans = Bans
part-edge = Front door
part-monitor = Monitor
part-process = Pendopo
part-sandbox = Sandbox
part-store = Records
part-web = Pages and API
reason-draining = It finishes what it is doing, and takes nothing new.
reason-ended = It has ended.
reason-starting = It is starting.
fact-access-log = Access log
fact-certificate = Certificate
fact-certificate-expires = Certificate expires
fact-certificate-fault = Certificate files
fact-certificate-issuer = Certificate issuer
fact-certificate-last-error = Last error in fetching a certificate
fact-certificate-names = Certificate names
fact-certificate-next-attempt = Next certificate
fact-client-addresses = Client addresses
fact-data-directory = Data folder
fact-database = Database
fact-engine = Engine
fact-files = Files
fact-health = Health
fact-http-listener = HTTP
fact-https-listener = HTTPS
fact-in-force = In force
fact-last = Newest
fact-last-error = Last error
fact-last-verified-restore = Last verified restore
fact-log-generation = Log generation
fact-new-privileges = New privileges
fact-news = News of changes
fact-next = Next
fact-roles = Roles
fact-room-on-the-disk = Room on the disk
fact-schedule = Schedule
fact-schema = Schema
fact-size = Size
fact-system-calls = System calls
fact-version = Version
value-come = come at once
value-good = good
value-local = by this server's own authority
value-own = from a known authority

## Faults of a field, by their code

fault-required = Please fill this in.
fault-too_long = This is too long.
fault-control_character = This holds invisible control characters. Please type it anew.
fault-email = Please write an e-mail address, such as ani@sekolah.example.
fault-username = Please use 3 to 64 letters, digits, dots, hyphens or underscores.
fault-role = Please choose one of the roles.
fault-taken = Somebody else is already using this.
fault-password_short = Please use at least 12 characters.
fault-password_long = Please use at most 200 characters.
fault-password_common = This is easy to guess. Please choose one that nobody else uses.
fault-password_same = This is your current password. Please choose another one.
fault-password_wrong = This is not your current password.
fault-password_again = The two new passwords differ.
fault-scope = Please choose what the token may do.
fault-expiry = Please choose from 1 to 366 days.
fault-other = This is not valid.

## Error pages, by the code of the problem

error-home = To the message board
error-sign-in = Sign in
error-request = If you ask for help, mention this number:
error-retry = You can try again in { $seconds ->
    [one] one second
   *[other] { $seconds } seconds
}.
error-malformed-title = That could not be read
error-malformed-text = Something in the form arrived broken. Go back and try it from there.
error-parameter-title = That address makes no sense
error-parameter-text = A part of the address could not be read. Go back and try it from there.
error-cursor-title = That place in the list is gone
error-cursor-text = The link belongs to another list or another search. Please start again from its first page.
error-unauthorized-title = Please sign in
error-unauthorized-text = This page is for those who have signed in.
error-forbidden-title = This room is not open to you
error-forbidden-text = Your account does not allow this. If you think it should, ask the school office.
error-password_change-title = Choose your own password first
error-password_change-text = Somebody else gave you your password. Once you have changed it, every door is open.
error-cross_origin-title = That came from another website
error-cross_origin-text = To keep you safe, this server takes forms from its own pages only. Open the page here and send it again.
error-insecure-title = This connection is not safe
error-insecure-text = Passwords are not taken over an unencrypted connection. Use the address that begins with https.
error-not_found-title = There is nothing here
error-not_found-text = This page does not exist, or not any more.
error-method_not_allowed-title = That cannot be done here
error-method_not_allowed-text = This page exists, but not for what was asked of it. Go back and try it from there.
error-taken-title = Somebody else has that already
error-taken-text = An e-mail address or a username can belong to one person only.
error-last_admin-title = The last administrator must stay
error-last_admin-text = Otherwise nobody could look after this school any more. Make somebody else administrator first.
error-changed-title = Somebody else was faster
error-changed-text = This was changed in the meantime. Go back, look at it again, then repeat your change.
error-too_large-title = That is too much at once
error-too_large-text = What you sent is larger than this page takes. Please make it shorter.
error-media_type-title = This form cannot be read
error-media_type-text = It was sent in a format that this page does not take.
error-range-title = That part is not there
error-range-text = It ends before the part that was asked for. Begin again from its start.
error-validation-title = That cannot be accepted
error-validation-text = Something in what you sent is not valid. Go back and look it over.
error-key_reused-title = That was sent before
error-key_reused-text = The same key came with something else within the last day.
error-too_many-title = A little slower, please
error-too_many-text = Too much was tried in a short time from where you are.
error-internal-title = Something broke
error-internal-text = The fault is ours, not yours. It was noted for whoever looks after the server.
error-unavailable-title = Back in a moment
error-unavailable-text = The server is very busy, or waiting for one of its parts.
error-search_too_slow-title = That search took too long
error-search_too_slow-text = Please search for something longer.
error-disk_full-title = The disk is full
error-disk_full-text = Nothing was saved. Whoever looks after the server needs to make room first.
