/** Promise: whoever reads bodies may hang or die; nothing goes on unread, what is not read keeps being answered, and others take over. */
import { prove } from './proof.ts';
import { READER_FAULTS } from './readers.ts';

prove(READER_FAULTS);
